"""`tracer demo`: the main job on records that come with tracer."""

from __future__ import annotations

from dataclasses import replace

from tracer import demo as recorded
from tracer.cli.inputs import open_run
from tracer.cli.options import Settings, command
from tracer.cli.run import main_job


@command("tracer demo", "tracer demo --merge tighten -o out/")
def demo(settings: Settings) -> int:
    """Do the main job on a bundled recorded run: no account, no network.

    The records are those of a Serverless service, orders: its first deploy, a second one, and its removal, among the
    calls of other principals. The policy goes to standard output, the summary to standard error. Try the options of
    `tracer run` on it.
    """
    with recorded.records_path() as folder:
        asked = replace(
            settings,
            sources=(str(folder),),
            principals=settings.principals or (recorded.PRINCIPAL,),
            regions=settings.regions or (recorded.REGION,),
            service=settings.service or recorded.SERVICE,
            stage=settings.stage or recorded.STAGE,
        )
        return main_job(asked, *open_run(asked), whole=True)

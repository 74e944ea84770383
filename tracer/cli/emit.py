"""`tracer emit`: traces become a checked policy."""

from __future__ import annotations

import click

from tracer import pipeline
from tracer.cli.completion import FileName
from tracer.cli.documents import Told, deliver_draft, tell
from tracer.cli.inputs import read_traces
from tracer.cli.options import Settings, command
from tracer.cli.progress import working


@command(
    "tracer emit deploy.json remove.json --service orders -o out/",
    "tracer reduce --from logs/ | tracer emit --baseline none > policy.json",
    own=(click.Argument(["traces"], nargs=-1, type=FileName(), metavar="[TRACE]..."),),
)
def emit(settings: Settings, traces: tuple[str, ...]) -> int:
    """Turn traces and a baseline into a checked policy.

    TRACE is a file that `tracer reduce` wrote, or trace.json in the folder of `tracer run -o FOLDER/`; `-` is standard
    input. Several become one policy that is good for all of them: the deploy, the redeploy and the removal.

    Before anything is written the policy is checked: it allows every permission of the traces, and nothing that neither
    the baseline nor the traces hold.
    """
    known = read_traces(traces)
    with working("Drafting and checking the policy"):
        draft = pipeline.draft(known, settings.draft_options())
    delivered = deliver_draft(settings, draft, {})
    tell(settings, draft, delivered, Told.LEAST)
    return settings.exit_code(draft.findings)

"""`tracer run`: the main job, from records to a checked policy."""

from __future__ import annotations

import sys

from tracer import pipeline
from tracer.cli.documents import Told, deliver_draft, tell
from tracer.cli.inputs import open_run
from tracer.cli.options import Settings, command
from tracer.cli.output import columns
from tracer.cli.progress import working
from tracer.collect.interface import RecordSource
from tracer.model.run import DeployRun


@command(
    "tracer run --run first -o out/",
    "tracer run --from logs/ --principal arn:aws:iam::123456789012:user/ci -o out/",
    "tracer run --from lookup --since -2h --region us-east-1 > policy.json",
)
def run(settings: Settings) -> int:
    """Turn the records of one deploy into a checked policy: the main job.

    Reads CloudTrail records, keeps those of one deploy, finds the permissions that its calls needed, and writes the
    policy that grants them, merged with a baseline. Before anything is written the policy is checked: it allows every
    permission that was found, and nothing that neither the baseline nor the records hold.

    With -o FOLDER/ you get a document for the deployer, one for each role that took part, and trace.json with the
    evidence; else the deployer's document alone.
    """
    return main_job(settings, *open_run(settings), whole=columns(sys.stderr) is not None)


def main_job(settings: Settings, source: RecordSource, asked: DeployRun, *, whole: bool) -> int:
    """Trace, draft, write, tell; returns the exit code.

    Args:
        settings: the options.
        source: the records.
        asked: whose run, and when.
        whole: whether the summary is told in whole.
    """
    trace = pipeline.trace(source, asked, settings.trace_options())
    with working("Drafting and checking the policy"):
        draft = pipeline.draft([trace], settings.draft_options())
    delivered = deliver_draft(settings, draft, {"trace.json": trace.to_json()})
    tell(settings, draft, delivered, Told.ALL if whole else Told.READ)
    return settings.exit_code(draft.findings)

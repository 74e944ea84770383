"""`tracer report`: traces as a page to look at."""

from __future__ import annotations

import click

from tracer import pipeline
from tracer.cli.completion import FileName
from tracer.cli.inputs import read_traces
from tracer.cli.options import Settings, command
from tracer.cli.output import deliver
from tracer.cli.reporting import REPORT, html_report


@command(
    "tracer report out/trace.json -o report.html",
    "tracer report out/trace.json --baseline current.json -o report.html",
    own=(click.Argument(["traces"], nargs=-1, type=FileName(), metavar="[TRACE]..."),),
)
def report(settings: Settings, traces: tuple[str, ...]) -> int:
    """Show a deploy and its policy on one HTML page, with the evidence.

    TRACE is a file that `tracer reduce` wrote, or trace.json in the folder of `tracer run -o FOLDER/`; `-` is standard
    input. Several become one page. The policy on it is the one that `tracer emit` writes with the same options; to see
    how a policy that you have compares with the run, name it as --baseline.

    The page says first whether the policy covers the run and what is not known; then each statement with where it comes
    from and the calls behind it, what the baseline lacks and what of it was not used, denied calls, findings, and where
    every record went. It is one file that needs no network and runs nothing but its own script.
    """
    draft = pipeline.draft(read_traces(traces), settings.draft_options())
    deliver(settings.output, [html_report(draft).encode()], REPORT)
    return settings.exit_code(draft.findings)

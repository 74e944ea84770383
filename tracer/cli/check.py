"""`tracer check`: policies against traces."""

from __future__ import annotations

from dataclasses import replace

import click

from tracer.cli.inputs import read_policies, read_traces
from tracer.cli.options import Settings, command
from tracer.cli.output import print_result
from tracer.emit.boundary import bounded
from tracer.emit.check import check as judge
from tracer.emit.ignores import load_ignores, sift
from tracer.emit.union import unite
from tracer.report.comparison import comparison


@command(
    "tracer check policy.json --trace trace.json",
    "tracer check out/deployer.json --trace out/trace.json --no-excess",
    own=(
        click.Argument(["policies"], nargs=-1, required=True, metavar="POLICY..."),
        click.Option(
            ["--trace", "traces"], metavar="FILE", multiple=True,
            help="The trace to check against; not given: stdin. Repeatable.",
        ),
        click.Option(["--no-excess"], is_flag=True, help="Fail also on what is granted beyond the trace."),
    ),
)  # fmt: skip
def check(settings: Settings, policies: tuple[str, ...], traces: tuple[str, ...], *, no_excess: bool) -> int:
    """Say what a policy lacks for a trace, and what it grants beyond.

    POLICY is an IAM policy document in JSON; several are taken together, as those of one principal. The trace
    is what `tracer reduce` writes, or trace.json in the folder of `tracer run -o FOLDER/`.

    What --ignore leaves out of a policy is not missing here, and is beyond the trace where it is granted.

    The exit code is 1 where a permission of the trace is missing, and with --no-excess also where something beyond it
    is granted.
    """
    trace = unite(read_traces(traces))
    if settings.ignore:
        trace = replace(trace, permissions=sift(trace.permissions, load_ignores(settings.ignore))[0])
    if settings.boundary:
        trace = replace(trace, permissions=bounded(trace.permissions, settings.boundary))
    verdict = judge(read_policies(policies), trace)
    print_result([comparison(policies, verdict.missing, verdict.blocked, verdict.excess, verdict.idle).encode()])
    return int(bool(verdict.missing) or (no_excess and bool(verdict.excess)))

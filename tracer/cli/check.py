"""`tracer check`: policies against traces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import click

from tracer.cli.completion import FileName
from tracer.cli.inputs import read_policies, read_traces
from tracer.cli.options import Settings, command
from tracer.cli.output import print_result, show
from tracer.cli.progress import working
from tracer.emit.boundary import bounded
from tracer.emit.check import check as judge
from tracer.emit.check import judged
from tracer.emit.ignores import load_ignores, sift
from tracer.emit.union import unite
from tracer.errors import UsageError
from tracer.model.permission import Permission
from tracer.model.policy import Policy
from tracer.report.comparison import comparison, opinion


@command(
    "tracer check policy.json --trace trace.json",
    "tracer check out/deployer.json --trace out/trace.json --no-excess",
    own=(
        click.Argument(["policies"], nargs=-1, required=True, type=FileName(), metavar="POLICY..."),
        click.Option(
            ["--trace", "traces"], metavar="FILE", type=FileName(), multiple=True,
            help="The trace to check against; not given: stdin. Repeatable.",
        ),
        click.Option(["--no-excess"], is_flag=True, help="Fail also on what is granted beyond the trace."),
        click.Option(
            ["--aws"], is_flag=True,
            help="Ask AWS as well: Access Analyzer (ValidatePolicy) and IAM's policy simulator. Needs credentials.",
        ),
        click.Option(
            ["--against"], metavar="FILE", type=FileName(), multiple=True,
            help="With --aws: an older policy; fail on what it did not allow (CheckNoNewAccess, which AWS charges). "
            "Repeatable.",
        ),
    ),
)  # fmt: skip
def check(
    settings: Settings,
    policies: tuple[str, ...],
    traces: tuple[str, ...],
    *,
    no_excess: bool,
    aws: bool,
    against: tuple[str, ...],
) -> int:
    """Say what a policy lacks for a trace, and what it grants beyond.

    POLICY is an IAM policy document in JSON; several are taken together, as those of one principal. The trace
    is what `tracer reduce` writes, or trace.json in the folder of `tracer run -o FOLDER/`.

    What --ignore leaves out of a policy is not missing here, and is beyond the trace where it is granted.

    The exit code is 1 where a permission of the trace is missing, and with --no-excess also where something beyond it
    is granted; with --aws also where Access Analyzer finds an error, the simulator refuses a permission, or something
    is allowed that --against did not allow.
    """
    if against and not aws:
        raise UsageError("--against is a question to AWS", "add --aws, or ask `tracer diff OLD NEW --no-new-access`")
    trace = unite(read_traces(traces))
    if settings.ignore:
        trace = replace(trace, permissions=sift(trace.permissions, load_ignores(settings.ignore))[0])
    if settings.boundary:
        trace = replace(trace, permissions=bounded(trace.permissions, settings.boundary))
    documents = read_policies(policies)
    with working("Checking the policy"):
        verdict = judge(documents, trace)
    show(comparison(policies, verdict.missing, verdict.blocked, verdict.excess, verdict.idle))
    failed = bool(verdict.missing) or (no_excess and bool(verdict.excess))
    if aws:
        failed |= _asked_aws(settings, policies, documents, read_policies(against), judged(trace))
    return int(failed)


def _asked_aws(
    settings: Settings,
    names: Sequence[str],
    documents: Sequence[Policy],
    old: Sequence[Policy],
    permissions: Iterable[Permission],
) -> bool:
    """Print what AWS says; whether it is a failure."""
    from tracer.collect.aws import new_client
    from tracer.collect.aws_checks import new_access, refused, validate

    region = settings.regions[0] if settings.regions else None
    analyzer = new_client("accessanalyzer", region)
    remarks = validate(analyzer, documents)
    gained = new_access(analyzer, documents, old) if old else None
    denied = refused(new_client("iam", region), documents, permissions)
    print_result([b"\n"])
    show(opinion(names, remarks, gained, denied))
    return bool(gained or denied) or any(remark.severity == "ERROR" for remark in remarks)

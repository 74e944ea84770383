"""`tracer explain`: from a line of the policy back to the records behind it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from tracer.cli.completion import FileName
from tracer.cli.inputs import asked_for, read_traces
from tracer.cli.options import Settings, command
from tracer.cli.output import say, show, talk
from tracer.emit.union import unite
from tracer.reference import overrides
from tracer.report.explanation import absence, explanation


@command(
    "tracer explain iam:PassRole out/trace.json",
    "tracer explain arn:aws:s3:::orders-bucket out/trace.json",
    "tracer reduce --from logs/ | tracer explain 's3:Get*'",
    own=(
        click.Argument(["asked"], metavar="ACTION|ARN"),
        click.Argument(["traces"], nargs=-1, type=FileName(), metavar="[TRACE]..."),
    ),
)
def explain(settings: Settings, asked: str, traces: tuple[str, ...]) -> int:
    """Show which events put an action into the policy, or a resource.

    ACTION is an IAM action, or a pattern of them, in any case: s3:CreateBucket, 's3:Get*'. ARN is a resource, or a
    pattern: what the trace has on it, and on the patterns that cover it. TRACE is a file that `tracer reduce` wrote, or
    trace.json in the folder of `tracer run -o FOLDER/`; `-` is standard input.

    For each permission: who needs it and on which resource, how tracer knows (observed, implied, inferred or denied),
    the rule behind it, how often it was seen and when, the event IDs, and what was widened in the resource. Denied
    calls and findings that speak of it are shown too: where there is no permission, they may say why.

    The exit code is 1 where the trace holds nothing of it.
    """
    trace = unite(read_traces(traces))
    found = explanation(asked_for(asked), trace, _named)
    if not found:
        say(f"Nothing in the trace is about {asked}. If the policy allows it, that is the baseline's doing.")
        talk(list(absence(trace.accounting)))
        return 1
    show(found)
    return 0


def _named(event_source: str, event_name: str) -> Iterator[str]:
    """The actions that an event stands for, whatever its request."""
    source = event_source.removesuffix(".amazonaws.com")
    name = overrides.plain_name(source, event_name)
    yield from (row.action.text for row in overrides.needs(source, name, None) or ())
    yield from (f"{prefix}:{name}" for prefix in overrides.prefixes(source))

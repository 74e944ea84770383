"""`tracer explain`: from a line of the policy back to the records behind it."""

from __future__ import annotations

import click

from tracer.cli.inputs import action_pattern, read_traces
from tracer.cli.options import Settings, command
from tracer.cli.output import print_result, say
from tracer.emit.union import unite
from tracer.report.explanation import explanation


@command(
    "tracer explain iam:PassRole out/trace.json",
    "tracer reduce --from logs/ | tracer explain 's3:Get*'",
    own=(click.Argument(["action"]), click.Argument(["traces"], nargs=-1, metavar="[TRACE]...")),
)
def explain(settings: Settings, action: str, traces: tuple[str, ...]) -> int:
    """Show which events put an action into the policy.

    ACTION is an IAM action, or a pattern of them, in any case: s3:CreateBucket, 's3:Get*'. TRACE is a file that
    `tracer reduce` wrote, or trace.json in the folder of `tracer run -o FOLDER/`; `-` is standard input.

    For each permission: who needs it and on which resource, how tracer knows (observed, implied, inferred or denied),
    the rule behind it, how often it was seen and when, the event IDs, and what was widened in the resource. Denied
    calls of the action, and findings about it, are shown too.

    The exit code is 1 where the trace holds nothing for the action.
    """
    text = explanation(action_pattern(action), unite(read_traces(traces)))
    if text is None:
        say(f"Nothing in the trace is about {action}. If the policy allows it, that is the baseline's doing.")
        return 1
    print_result([text.encode()])
    return 0

"""`tracer permissions`: what tracer itself needs."""

from __future__ import annotations

import click

from tracer.cli.options import Settings, command
from tracer.cli.output import deliver, say
from tracer.collect.permissions import PARTITION, left_open, needed, note, placeholders, purposes
from tracer.reduce.callers import partition_of_region


@command(
    "tracer permissions --for lookup > tracer-policy.json",
    "tracer permissions --for s3 --bucket my-trail",
    own=(
        click.Option(
            ["--for", "wanted"], type=click.Choice(purposes()), metavar="WORD", multiple=True,
            help=f"What tracer is to do: {', '.join(purposes())}. Not given: all of them. Repeatable.",
        ),
        *(
            click.Option([f"--{placeholder.name}"], metavar=placeholder.metavar, help=placeholder.help)
            for placeholder in placeholders()
        ),
    ),
)  # fmt: skip
def permissions(settings: Settings, wanted: tuple[str, ...], **values: str | None) -> int:
    """Print the IAM policy that tracer itself needs.

    The least that lets tracer read its source and record a run, as a policy in JSON. Nothing is asked of AWS.
    What no option fills stays as <name>. The ARNs are those of the partition that --region is in.
    """
    asked = wanted or purposes()
    partition = partition_of_region(settings.regions[0]) if settings.regions else "aws"
    filled = {name.replace("_", "-"): value for name, value in values.items() if value} | {PARTITION: partition}
    policy = needed(asked, filled)
    deliver(settings.output, [policy.to_json().encode()], "tracer-permissions.json")
    for purpose in asked:
        say(f"{purpose}: {note(purpose)}")
    for name in left_open(policy):
        say(f"Fill in <{name}>: give --{name}.")
    return 0

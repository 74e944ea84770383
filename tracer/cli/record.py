"""`tracer record`: runs a deploy and remembers the run."""

from __future__ import annotations

import os

import click

from tracer.cli.options import Settings, command
from tracer.cli.output import say
from tracer.cli.times import Clock, length
from tracer.errors import UsageError


@command(
    "tracer record -- serverless deploy --stage dev",
    "tracer record --assume-role arn:aws:iam::123456789012:role/ci -- make deploy",
    own=(
        click.Argument(["words"], nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD..."),
        click.Option(
            ["--name"], metavar="NAME",
            help="What to call the run: up to 50 letters, digits, `.`, `_` and `-`. Not given: the time.",
        ),
        click.Option(
            ["--assume-role"], metavar="ARN",
            help="Run the command in a session of this role, named after the run, so that CloudTrail tells its calls "
            "from all others.",
        ),
        click.Option(["--duration"], metavar="TIME", help="How long that session lasts: 15m to 12h. Not given: 1h."),
        click.Option(
            ["--no-source-identity"], is_flag=True,
            help="Set no source identity in that session. For commands that take on further roles (CDK's): each of "
            "those would have to allow it.",
        ),
    ),
)  # fmt: skip
def record(
    settings: Settings,
    words: tuple[str, ...],
    name: str | None,
    assume_role: str | None,
    duration: str | None,
    *,
    no_source_identity: bool,
) -> int:
    """Run a deploy and remember the run: window, principal, session, region.

    CMD runs as it would without tracer: its input and output are untouched, signals are passed on to it, and its exit
    code is the one of this command. Who made the calls, when and where is kept in .tracer/runs/NAME.json, without
    anything secret; then `tracer run --run NAME` needs no other selection.

    Give --region where the deploy goes to another region than CMD's own --region or the environment says.
    """
    from tracer.collect.recorder import Recording, record

    if settings.dry_run:
        # It would be a surprise to deploy for somebody who asked for a dry run.
        raise UsageError("tracer record runs the command, so there is no --dry-run of it", "leave --dry-run out")
    clock: Clock = click.get_current_context().obj
    asked = Recording(
        command=words,
        name=name,
        regions=settings.regions,
        role=assume_role,
        duration=None if duration is None else length(duration, "--duration"),
        source_identity=not no_source_identity,
    )
    return record(asked, os.environ, clock=clock, tell=say)


record.allow_interspersed_args = False  # what follows CMD is CMD's, also without a `--`

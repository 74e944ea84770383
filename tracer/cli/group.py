"""The group behind `tracer`: loads a command when it is asked for, and is the one place where errors become exit codes.

    0     done
    1     the self-check or `check` failed, or --strict found something
    2     wrong usage, nothing selected, or the work could not be done
    130   SIGINT
    143   SIGTERM

`TracerError` carries its own code. Anything else that is raised is a bug in tracer, and shows itself as one.
"""

from __future__ import annotations

import contextlib
import importlib
import signal
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import ClassVar

import click

from tracer.errors import TracerError


class LazyGroup(click.Group):
    """A click group whose commands are objects `NAME` in modules `tracer.cli.NAME`."""

    short_helps: ClassVar[Mapping[str, str]]
    """Each command's name, and the first line of its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which they are told."""
        return list(self.short_helps)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; its module is imported now."""
        if cmd_name not in self.short_helps:
            return None
        command: click.Command = getattr(importlib.import_module(f"tracer.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their first lines, none of them imported."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.short_helps.items()))

    def invoke(self, ctx: click.Context) -> object:
        """The command; what it may raise on purpose, told in words."""
        with _signals_end_it():
            try:
                return super().invoke(ctx)
            except TracerError as error:
                from tracer.cli.output import talk
                from tracer.report.failure import failure

                talk(failure(error.message, error.hint))
                ctx.exit(error.exit_code)
            except KeyboardInterrupt:
                ctx.exit(128 + signal.SIGINT)


@contextlib.contextmanager
def _signals_end_it() -> Iterator[None]:
    """SIGTERM ends the work as SIGINT does: through every `finally`, so that no half-written file stays behind."""
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)

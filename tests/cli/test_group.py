"""Errors become words and exit codes in one place."""

import signal
import sys
from typing import ClassVar

import click
import pytest
from click.testing import CliRunner, Result

from tracer.cli.group import LazyGroup
from tracer.errors import CollectError, SelfCheckFailed, TracerError


def raised(error: BaseException) -> Result:
    """What the group makes of a command that raises `error`."""

    class One(LazyGroup):
        short_helps: ClassVar = {"fail": "Fail."}

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            @click.command("fail")
            def fail() -> None:
                raise error

            return fail

    return CliRunner().invoke(One("tracer"), ["fail"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("error", "exit_code", "told"),
    [
        (CollectError("the log is gone", "look again"), 2, "Error: the log is gone\nHint: look again\n"),
        (TracerError("no hint"), 2, "Error: no hint\n"),
        (SelfCheckFailed("lost a line", "report it"), 1, "Error: lost a line\nHint: report it\n"),
        (TracerError("user/\x1b[2J", "try\n\x07 this"), 2, "Error: user/\\x1b[2J\nHint: try\n\\x07 this\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
    ids=["message-and-hint", "no-hint", "self-check", "hostile", "interrupted"],
)
def test_an_error_is_told_and_has_its_code(error: BaseException, exit_code: int, told: str):
    result = raised(error)
    assert (result.exit_code, result.stdout, result.stderr) == (exit_code, "", told)


def test_a_bug_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        raised(ZeroDivisionError())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_the_handler_is_put_back():
    before = signal.getsignal(signal.SIGTERM)
    raised(TracerError("any"))
    assert signal.getsignal(signal.SIGTERM) is before

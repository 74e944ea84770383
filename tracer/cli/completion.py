"""What a shell completes: names that tracer knows, and files.

click writes the shell's script (`_TRACER_COMPLETE=bash_source tracer`), which asks tracer at each tab
(https://click.palletsprojects.com/en/stable/shell-completion/). Commands, options and the words of a choice click knows
itself; of what is text on the command line and means a file, it has to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem
from click.types import StringParamType


class FileName(StringParamType):
    """Text that names a file or a folder, or is one of a few words; as it was typed.

    Args:
        words: gives the words, when a shell asks.
    """

    def __init__(self, words: Callable[[], Iterable[str]] = tuple) -> None:
        self._words = words

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The words that begin so; where there is none, the shell completes files."""
        words = [CompletionItem(word) for word in self._words() if word.startswith(incomplete)]
        return [CompletionItem(incomplete, type="file"), *words]


def baselines() -> tuple[str, ...]:
    """The built-in baselines."""
    from tracer.emit.baseline import BUILT_IN, NONE

    return (*BUILT_IN, NONE)


def recorded_runs() -> list[str]:
    """The runs that were recorded here."""
    from tracer.collect.runfile import RUNS

    return sorted(path.stem for path in RUNS.glob("*.json"))


def question_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The questions of `tracer query` that begin so."""
    from tracer.query.questions import questions

    return [CompletionItem(each.name, help=each.asks) for each in questions() if each.name.startswith(incomplete)]

"""What is said, before it is known where: blocks of lines, prose, tables and pairs, as values.

The reports in words (`summary`, `comparison`, `difference`, `explanation`, `next_steps`, `failure`) say what. Two
renderers write it down: `plain` for pipes, files and tests, always the same bytes of 80 columns, and `terminal` for a
person, in tables as wide as the terminal, and in colour. Text stands here as it came, from a log or not: who renders it
makes it printable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tracer.model.finding import Severity
from tracer.model.policy import Conditions


class Tone(StrEnum):
    """What a text means for its reader; on a terminal, its colour."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    DOUBTFUL = "doubtful"
    ASIDE = "aside"


_TONES: Final = {Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.DOUBTFUL, Severity.NOTE: Tone.PLAIN}


def tone_of(severity: Severity) -> Tone:
    """How a finding sounds."""
    return _TONES[severity]


@dataclass(frozen=True, slots=True)
class Heading:
    """What a block, or the next part of it, is about."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Line:
    """One line, which plain text never breaks.

    Attributes:
        text: the line, with its indentation.
        lead: what stands before it, and bears the tone: `Error: `.
        tone: of the lead, or of the line where it has none.
        whole: no terminal breaks it either: somebody may want to copy it, a command or the name of a file.
    """

    text: str
    lead: str = ""
    tone: Tone = Tone.PLAIN
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Prose:
    """A sentence, broken between words; the lines behind the first are indented by two more.

    Attributes:
        text: the sentence.
        indent: columns before it.
        bullet: whether a dash stands before it.
    """

    text: str
    indent: int = 2
    bullet: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """A table of numbers: a name and its numbers in each row, the last of which is the sum."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Labels, and what is said of each.

    Attributes:
        rows: label and text; an empty label continues the row above.
        indent: columns before the labels.
        width: columns for the labels; 0: as many as the longest needs, and two more.
        broken: whether plain text breaks the texts between words.
    """

    rows: tuple[tuple[str, str], ...]
    indent: int = 2
    width: int = 0
    broken: bool = False

    @property
    def column(self) -> int:
        """The columns that the labels take."""
        return self.width or max((len(label) for label, _ in self.rows), default=0) + 2


@dataclass(frozen=True, slots=True)
class Access:
    """What is allowed, missing or refused.

    Attributes:
        action: as written.
        resource: as written.
        remarks: what is to be known of it, each on its line.
        actions: those behind a pattern, in words; empty where there are none.
    """

    action: str
    resource: str
    remarks: tuple[str, ...] = ()
    actions: str = ""


@dataclass(frozen=True, slots=True)
class Accesses:
    """Several of them."""

    rows: tuple[Access, ...]


Item = Heading | Line | Prose | Counts | Pairs | Accesses
Block = Sequence[Item]
"""What stands together; an empty line parts it from the next."""
Document = Sequence[Block]


def in_words(conditions: Conditions) -> Iterator[str]:
    """Each condition: `StringEquals iam:PassedToService = lambda.amazonaws.com`."""
    return (f"{operator} {key} = {' or '.join(values)}" for operator, key, values in conditions.items)


def named_actions(actions: Sequence[str], shown: int) -> str:
    """The first `shown` of them by name, and the number of the others."""
    rest = len(actions) - shown
    return ", ".join(actions[:shown]) + (f" and {rest:,} more" if rest > 0 else "")

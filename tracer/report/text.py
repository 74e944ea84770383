"""Text for a terminal: what stands in a log is data there too, never a control sequence.

CloudTrail records hold what callers chose: user agents, names, error messages. An escape sequence among them could move
the cursor, hide a line or set the window's title, so everything that reaches a terminal passes through here.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Final

LONGEST: Final = 400
"""How much of a text that stands in a log is shown, in characters."""

LONGEST_MESSAGE: Final = 2_000
"""How much of a finding's message is shown: CloudTrail's own errorMessage is at most 1 KB long."""

_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode's general categories of what is no visible sign: controls, formats (the marks that turn the direction of text
among them), lone surrogates, private use, line and paragraph separators
(https://www.unicode.org/reports/tr44/#General_Category_Values)."""


def printable(text: str) -> str:
    r"""`text` on one line, with every sign that a terminal might obey spelled as an escape, `\x1b` or `\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(sign) if unicodedata.category(sign) in _UNSAFE else sign for sign in text)


def printable_lines(text: str) -> str:
    """`text` with its line breaks kept, and each line printable: for text whose lines tracer itself has laid out."""
    return "\n".join(printable(line) for line in text.split("\n"))


def cut(text: str, longest: int = LONGEST) -> str:
    """`text`, or its beginning where a log has more to say than a reader can want: its true length is told then."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def shown(text: str, longest: int = LONGEST) -> str:
    """`text` printable, and cut as `cut` does."""
    return printable(cut(text, longest))


def escaped_json(text: str) -> str:
    r"""A JSON text with what is no visible sign as JSON's escapes, `\u202e`; the line breaks of its layout stay."""
    return "".join(
        _json_escape(sign) if sign != "\n" and unicodedata.category(sign) in _UNSAFE else sign for sign in text
    )


def _json_escape(sign: str) -> str:
    return json.dumps(sign)[1:-1]


def _spelled(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii") if not 0xD800 <= ord(sign) <= 0xDFFF else f"\\u{ord(sign):04x}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number and its noun: `1 record`, `2,304 records`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"

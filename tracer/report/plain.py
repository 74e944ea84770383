"""A document as plain text: what a pipe, a file and a test get. The same document gives the same bytes.

Prose and tables are 80 columns wide; a line that somebody may want to copy is never broken.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from functools import singledispatch
from typing import Final

from tracer.report.layout import Accesses, Block, Counts, Document, Heading, Item, Line, Pairs, Prose
from tracer.report.text import printable

_WIDTH: Final = 80
_REMARK: Final = " " * 6
_NAMES: Final = 24
_NUMBERS: Final = 17
"""The widths of a table's columns."""


def plain(document: Document) -> str:
    """The document as text; each block ends with a line break, and an empty line parts it from the next."""
    return "\n".join(map(_block, document))


def _block(block: Block) -> str:
    return "".join(f"{line}\n" for item in block for line in _lines(item))


@singledispatch
def _lines(item: Item) -> Iterator[str]:
    raise NotImplementedError(type(item))


@_lines.register
def _(item: Heading) -> Iterator[str]:
    yield printable(item.text)


@_lines.register
def _(item: Line) -> Iterator[str]:
    yield printable(item.lead + item.text)


@_lines.register
def _(item: Prose) -> Iterator[str]:
    indent = " " * item.indent
    yield from wrapped(printable(item.text), indent + ("- " if item.bullet else ""), indent + "  ")


@_lines.register
def _(item: Counts) -> Iterator[str]:
    name, *heads = item.heads
    yield f"  {name:<{_NAMES}}" + "".join(f"{head:>{_NUMBERS}}" for head in heads)
    for label, numbers in item.rows:
        yield f"  {printable(label):<{_NAMES}}" + "".join(f"{number:>{_NUMBERS},}" for number in numbers)


@_lines.register
def _(item: Pairs) -> Iterator[str]:
    for label, text in item.rows:
        first = " " * item.indent + f"{printable(label):<{item.column}}"
        if item.broken:
            yield from wrapped(printable(text), first, " " * (item.indent + item.column))
        else:
            yield f"{first}{printable(text)}".rstrip()


@_lines.register
def _(item: Accesses) -> Iterator[str]:
    for row in item.rows:
        yield f"  {printable(row.action)} on {printable(row.resource)}"
        yield from (f"{_REMARK}{printable(remark)}" for remark in row.remarks)
        yield from wrapped(printable(row.actions), _REMARK, _REMARK)


def wrapped(text: str, first: str, others: str, width: int = _WIDTH) -> list[str]:
    """`text` in lines of that width, broken between words alone, behind `first` and then behind `others`."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_on_hyphens=False,
        break_long_words=False,
    )

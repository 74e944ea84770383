"""A document for somebody at a terminal: tables as wide as it is, in its colours. The one module of reports that needs
rich, imported by who has a terminal before him.

Text goes in as rich's Text and never as a string: what a log holds is no markup, no emoji's name and, since `printable`
spells it, no sequence that the terminal obeys. NO_COLOR (https://no-color.org) and TERM are rich's to heed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import singledispatch
from typing import Final

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tracer.report.layout import Access, Accesses, Counts, Document, Heading, Item, Line, Pairs, Prose, Tone
from tracer.report.plain import wrapped
from tracer.report.text import printable

_STYLES: Final = {
    Tone.PLAIN: "",
    Tone.GOOD: "green",
    Tone.BAD: "red",
    Tone.DOUBTFUL: "yellow",
    Tone.ASIDE: "dim",
}
_WIDEST: Final = 140
"""The columns that lines take at most: longer ones are hard to read."""
_INDENT: Final = 2
_BESIDE: Final = _INDENT + 3
"""The columns of a table that are nobody's: its indentation, and the gap between two columns."""
_PARTS: Final = re.compile(r"[^:/]*[:/]*")


def on_terminal(document: Document, width: int) -> str:
    """The document as text with a terminal's control sequences.

    Only tables break what has no space in it: elsewhere an ARN or an address can be copied.

    Args:
        document: what is said.
        width: the terminal's columns.
    """
    width = min(width, _WIDEST)
    text = io.StringIO()
    console = Console(
        file=text, width=width, force_terminal=True, force_jupyter=False, legacy_windows=False, highlight=False
    )
    for number, block in enumerate(document):
        if number:
            console.print()
        for item in block:
            drawn = _drawn(item, width)
            console.print(drawn, soft_wrap=isinstance(drawn, Text))
    return "".join(f"{line.rstrip(' ')}\n" for line in text.getvalue().splitlines())


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style, overflow="fold")


@singledispatch
def _drawn(item: Item, width: int) -> RenderableType:
    raise NotImplementedError(type(item))


@_drawn.register
def _(item: Heading, width: int) -> RenderableType:
    return _text(item.text, f"bold {_STYLES[item.tone]}")


@_drawn.register
def _(item: Line, width: int) -> RenderableType:
    whole = printable(item.lead + item.text)
    indent = " " * (len(whole) - len(whole.lstrip(" ")))
    text = Text(whole if item.whole else "\n".join(wrapped(whole.lstrip(" "), indent, indent, width)))
    if item.lead:
        text.stylize(f"bold {_STYLES[item.tone]}", 0, len(item.lead))
    else:
        text.stylize(_STYLES[item.tone])
    return text


@_drawn.register
def _(item: Prose, width: int) -> RenderableType:
    indent = " " * item.indent
    first = indent + ("- " if item.bullet else "")
    return Text("\n".join(wrapped(printable(item.text), first, indent + "  ", width)))


@_drawn.register
def _(item: Pairs, width: int) -> RenderableType:
    return Text("\n").join(_pair(item, label, text, width) for label, text in item.rows)


def _pair(item: Pairs, label: str, text: str, width: int) -> Text:
    indent = " " * (item.indent + item.column)
    first, *others = wrapped(printable(text), indent, indent, width) or [""]
    label = f"{' ' * item.indent}{printable(label):<{item.column}}"
    return Text.assemble((label, "dim"), "\n".join([first[len(indent) :], *others]))


@_drawn.register
def _(item: Counts, width: int) -> RenderableType:
    *rows, (of_all, sums) = item.rows
    table = _table()
    table.show_footer = True
    table.add_column(_text(item.heads[0]), _text(of_all), overflow="fold")
    for head, total in zip(item.heads[1:], sums, strict=True):
        table.add_column(_text(head), f"{total:,}", justify="right")
    for name, numbers in rows:
        table.add_row(_text(name), *(f"{number:,}" if number else Text("–", "dim") for number in numbers))
    return _indented(table)


@_drawn.register
def _(item: Accesses, width: int) -> RenderableType:
    longest = max(len(printable(row.action)) for row in item.rows)
    actions = min(longest, width // 2)
    table = _table()
    table.add_column("action", width=actions, overflow="fold")
    table.add_column("resource", overflow="fold")
    for row in item.rows:
        table.add_row(_text(row.action), _resource(row, width - actions - _BESIDE))
    return _indented(table)


def _resource(row: Access, width: int) -> Text:
    remarks = [_text(remark, "dim") for remark in (*row.remarks, row.actions) if remark]
    return Text("\n").join([Text("\n".join(_folded(printable(row.resource), width))), *remarks])


def _folded(arn: str, width: int) -> Iterator[str]:
    """An ARN in lines of at most that width where its parts allow it: broken behind its colons and slashes."""
    line = ""
    for part in _PARTS.findall(arn):
        if line and len(line + part) > width:
            yield line
            line = ""
        line += part
    yield line


def _table() -> Table:
    return Table(box=box.SIMPLE, show_edge=False, pad_edge=False, header_style="bold", footer_style="bold")


def _indented(table: Table) -> Padding:
    return Padding(table, (0, 0, 0, _INDENT))

"""The HTML report of a draft: its documents are judged once more, for what they grant beyond the run, and laid out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracer import __version__
from tracer.emit.check import check
from tracer.emit.draft import Draft, DraftOptions
from tracer.emit.pack import CHARACTERS

REPORT: Final = "report.html"
"""The name of the report beside the documents."""


def html_report(draft: Draft) -> str:
    """The page, the same for the same draft."""
    from tracer.report.html import html
    from tracer.report.page import Fact, page

    judgements = [
        check(
            [document.policy for document in share.documents],
            [used.permission for used in (*share.merged.already, *share.merged.added)],
        )
        for share in draft.shares
    ]
    facts = [Fact(name, (value,)) for name, value in _made_with(draft.options)]
    return html(page(draft, judgements, CHARACTERS[draft.options.attach], facts, __version__))


def _made_with(options: DraftOptions) -> Iterator[tuple[str, str]]:
    yield "Baseline", f"{options.baseline} (--merge {options.merge})"

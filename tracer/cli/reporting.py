"""The HTML report of a draft: its documents are judged once more, for what they grant beyond the run, and laid out."""

from __future__ import annotations

from typing import Final

from tracer import __version__
from tracer.emit.check import check
from tracer.emit.draft import Draft
from tracer.emit.pack import CHARACTERS

REPORT: Final = "report.html"
"""The name of the report beside the documents."""


def html_report(draft: Draft) -> str:
    """The page, the same for the same draft."""
    from tracer.report.drafted import permissions_of
    from tracer.report.html import html
    from tracer.report.page import Fact, page
    from tracer.report.text import shown

    judgements = [
        check(
            [document.policy for document in share.documents],
            [used.permission for used in permissions_of(share)],
        )
        for share in draft.shares
    ]
    options = draft.options
    facts = [Fact("Baseline", (shown(f"{options.baseline} (--merge {options.merge})"),))]
    return html(page(draft, judgements, CHARACTERS[options.attach], facts, __version__))

"""The accounting as the page tells it: where every record that was read ended, in words, and as pieces of a bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tracer.model.trace import Accounting

_KEPT: Final[Mapping[str, str]] = {
    "used": "needed a permission that is in the trace",
    "denied": "were denied by AWS",
    "unmapped": "have no IAM action that is known",
    "no_permission_needed": "need no permission",
    "not_an_api_call": "are no API calls",
}
_LEFT_OUT: Final[Mapping[str, str]] = {
    "other_principal": "are of other principals",
    "outside_window": "lie outside the window",
    "filtered_out": "were filtered out: user agent, event source, region or account",
    "duplicate": "were delivered more than once",
    "unreadable": "could not be read",
}
"""The bins of the accounting in words: the records of the run, and those beside it."""


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of the accounting; `x` and `width` are per cent of the bar."""

    name: str
    text: str
    number: int
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class AccountingView:
    """Where the records went: those of the run, and those beside it. The bins sum to `read`."""

    read: int
    kept: tuple[Bin, ...]
    left_out: tuple[Bin, ...]
    selected: int
    beside: int


def accounting_view(accounting: Accounting) -> AccountingView:
    """The bins in words, in the order of their table and of their bar."""
    kept = [(name, text, getattr(accounting, name)) for name, text in _KEPT.items()]
    left_out = [(name, text, getattr(accounting, name)) for name, text in _LEFT_OUT.items()]
    bins, so_far = [], 0
    for name, text, number in (*kept, *left_out):
        bins.append(Bin(name, text, number, _share(so_far, accounting.read), _share(number, accounting.read)))
        so_far += number
    return AccountingView(
        read=accounting.read,
        kept=tuple(bins[: len(kept)]),
        left_out=tuple(bins[len(kept) :]),
        selected=accounting.selected,
        beside=accounting.read - accounting.selected,
    )


def _share(number: int, all_: int) -> str:
    return f"{number / all_ * 100 if all_ else 0:.2f}%"

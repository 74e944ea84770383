"""`pack`: statements -> as few documents as their size quota allows, with the same meaning together.

AWS counts a policy's characters without white space. A managed policy has a quota of its own and several can be
attached; of inline policies the sum counts, so that a second document wins nothing. Where one document does not do,
the statements are laid into documents by first fit, the largest first, and put back into their order within each: one
document for what fits one, and never more than the bound of first fit. A statement that fits no document is split by
its resources, and by its actions where these are what is long: both are lists of alternatives, so the pieces together
say what it said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from tracer.emit.build import with_distinct_sids, with_sid
from tracer.emit.lines import Line
from tracer.errors import EmitError
from tracer.model.jsontext import json_text
from tracer.model.policy import Policy, Statement

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, "IAM and STS character limits"
MANAGED_POLICY_CHARACTERS: Final = 6_144
ROLE_INLINE_CHARACTERS: Final = 10_240
GROUP_INLINE_CHARACTERS: Final = 5_120
USER_INLINE_CHARACTERS: Final = 2_048

# The same page, "IAM object quotas": managed policies attached to a role, and to a user
MANAGED_POLICIES_ATTACHED_BY_DEFAULT: Final = 10
MANAGED_POLICIES_ATTACHED_AT_MOST: Final = 20


class Attach(StrEnum):
    """What the documents are for: it sets their quota."""

    MANAGED = "managed"
    ROLE = "role"
    USER = "user"
    GROUP = "group"


CHARACTERS: Final = {
    Attach.MANAGED: MANAGED_POLICY_CHARACTERS,
    Attach.ROLE: ROLE_INLINE_CHARACTERS,
    Attach.USER: USER_INLINE_CHARACTERS,
    Attach.GROUP: GROUP_INLINE_CHARACTERS,
}
"""The quota of one document; of all inline policies together for the others than managed."""


@dataclass(slots=True)
class _Bin:
    """A document in the making: its size so far, and the places of its lines among all."""

    size: int
    places: list[int]


def pack(lines: Sequence[Line], attach: Attach, whose: str = "the policy") -> tuple[tuple[Line, ...], ...]:
    """`lines` laid into documents; none where there are no lines.

    Args:
        lines: the statements, in the order in which they are written.
        attach: what the documents are for.
        whose: how errors name the policy.

    Raises:
        EmitError: the documents would not fit their quota, or be more than can be attached.
    """
    quota = CHARACTERS[attach]
    pieces = _pieces(lines, quota - _HEAD)
    bins: list[_Bin] = []
    sizes = [_size(line.statement) for line in pieces]
    for place in sorted(range(len(pieces)), key=lambda place: (-sizes[place], place)):
        _put(bins, place, sizes[place], quota)
    _check(bins, sizes, attach, whose)
    documents = sorted(sorted(one.places) for one in bins)
    return tuple(tuple(pieces[place] for place in places) for places in documents)


def _check(bins: Sequence[_Bin], sizes: Sequence[int], attach: Attach, whose: str) -> None:
    quota = CHARACTERS[attach]
    if attach is not Attach.MANAGED and len(bins) > 1:
        total = _HEAD + sum(sizes) + len(sizes) - 1
        raise EmitError(
            f"{whose} has {total:,} characters, and the inline policies of a {attach} may have {quota:,} together",
            "use --attach managed, or --merge tighten or observed for a smaller policy",
        )
    if len(bins) > MANAGED_POLICIES_ATTACHED_AT_MOST:
        raise EmitError(
            f"{whose} needs {len(bins)} managed policies, and AWS attaches {MANAGED_POLICIES_ATTACHED_AT_MOST} at most",
            "use --merge tighten or observed, or --resources names or service, for a smaller policy",
        )
    if any(one.size > quota for one in bins):
        raise EmitError(
            f"{whose} holds a statement that cannot be split to fit the {quota:,} characters of a {attach} policy",
            "shorten its NotAction, NotResource or Condition in the baseline, or use --merge observed",
        )


def _put(bins: list[_Bin], place: int, size: int, quota: int) -> None:
    # The comma counts: statements are written as a list.
    for one in bins:
        if one.size + 1 + size <= quota:
            one.size += 1 + size
            one.places.append(place)
            return
    bins.append(_Bin(_HEAD + size, [place]))


def _pieces(lines: Sequence[Line], room: int) -> list[Line]:
    """`lines`, each cut to what `room` holds, with Sids that are unique among all, wherever they come to stand."""
    pieces = [replace(line, statement=piece) for line in lines for piece in _split(line.statement, room)]
    statements = with_distinct_sids(piece.statement for piece in pieces)
    return [replace(piece, statement=statement) for piece, statement in zip(pieces, statements, strict=True)]


def _split(statement: Statement, room: int) -> tuple[Statement, ...]:
    """`statement`, or pieces with the same meaning together, none with more than `room` characters if that can be."""
    if _size(statement) <= room:
        return (statement,)
    limit = room - _SID_ROOM
    pieces: list[Statement] = []
    # Actions are repeated with every piece: where they would fill more than half of it, they are split as well.
    for actions in _chunks(statement.actions, _fixed(replace(statement, actions=_TWO, resources=())), limit // 2):
        part = replace(statement, actions=actions)
        chunks = _chunks(statement.resources, _fixed(replace(part, resources=_TWO)), limit)
        pieces += [replace(part, resources=resources) for resources in chunks]
    return tuple(map(with_sid, pieces)) if with_sid(statement) == statement else tuple(pieces)


def _chunks(texts: Sequence[str], fixed: int, limit: int) -> list[tuple[str, ...]]:
    """`texts` in chunks, each as long as `limit` allows beside `fixed` characters, and of one text at least."""
    chunks: list[list[str]] = []
    size = limit
    for text in texts:
        cost = len(json_text(text)) + 1
        if not chunks or size + cost > limit:
            chunks.append([])
            size = fixed
        chunks[-1].append(text)
        size += cost
    return [tuple(chunk) for chunk in chunks] or [()]


_TWO: Final = ("", "")
"""Stands for a list of texts while the rest of a statement is measured: two, so that the brackets are counted."""


def _fixed(statement: Statement) -> int:
    """The size of a statement in which _TWO stands, without these texts."""
    return _size(statement) - len('"",""')


_HEAD: Final = Policy().size
"""The size of a document without a statement."""

_SID_ROOM: Final = 64
"""What is kept free in a piece of a statement for the Sid that it will get."""


def _size(statement: Statement) -> int:
    return len(json_text(statement.to_json()))

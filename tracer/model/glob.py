"""Containment of IAM's glob patterns: does every string that matches one also match the other?

IAM knows two wildcards, `*` (any run of characters, none included) and `?` (exactly one), and nothing else: a `[` is a
bracket. `${*}`, `${?}` and `${$}` are the characters themselves, and any other `${...}` is a policy variable, whose
value is known only at the time of a call: it is covered by the same variable or by a `*`
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).

A pattern is read as a row of atoms: characters, single wildcards, variables, and gaps (a run of wildcards with a `*` in
it: at least so many characters). `a` covers `b` where `a`'s gaps can be laid over `b` so that all the rest is equal.
That is a walk over sets of positions, so its time grows with the product of the two lengths and never faster. Without
variables the answer is exact in both directions, because the alphabet holds letters that neither pattern names; a
variable is compared by its name alone, so a `no` about one may mean `not known`.

Two readings of `*`. AWS: "If the * wildcard is the last character of a resource ARN segment, it can expand to match
beyond the colon boundaries" (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html).
Of one inside a segment AWS says nothing, so a caller chooses: `spanning=False` where a grant must be proved enough,
`spanning=True` where a grant must be proved not too much. A run of wildcards (`*?`, `?*`) is read as one: all of it
spans where it ends a segment.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"\$\{(?P<escaped>[*?$])\}|(?P<variable>\$\{[^}]*\})|(?P<wildcards>[*?]+)|(?P<character>.)", re.DOTALL
)
_OPEN_TOKEN: Final = re.compile(r"(?P<wildcards>[*?]+)|(?P<character>.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Gap:
    """A run of wildcards that holds a `*`: `least` characters or more; `spans`: a colon may be among them."""

    least: int
    spans: bool


@dataclass(frozen=True, slots=True)
class _One:
    """A `?`."""

    spans: bool


@dataclass(frozen=True, slots=True)
class _Variable:
    """A policy variable, `${aws:username}`."""

    text: str


_Atom = str | _Gap | _One | _Variable


def tokens(pattern: str) -> Iterator[re.Match[str]]:
    """What a pattern is made of, in order: each match's `lastgroup` says what it is, and its group of that name what
    stands for it: `escaped`, `variable`, `wildcards` (a run of them) or `character`.

    A `${` that nothing closes is two characters. So behind the last `}` no variable is looked for: each `${` would be
    followed to the end, in the square of the length.
    """
    closed = pattern.rfind("}") + 1
    yield from _TOKEN.finditer(pattern, 0, closed)
    yield from _OPEN_TOKEN.finditer(pattern, closed)


@functools.lru_cache(maxsize=65_536)
def _atoms(pattern: str, spanning: bool) -> tuple[_Atom, ...]:
    atoms: list[_Atom] = []
    for match in tokens(pattern):
        text = match[match.lastgroup or 0]
        if match.lastgroup == "wildcards":
            ends_segment = match.end() == len(pattern) or pattern[match.end()] == ":"
            if "*" in text:
                atoms.append(_Gap(text.count("?"), spanning or ends_segment))
            else:
                atoms.extend([_One(spanning)] * len(text))
        elif match.lastgroup == "variable":
            atoms.append(_Variable(text))
        else:
            atoms.append(text)
    return tuple(atoms)


def _least(atom: _Atom) -> int:
    if isinstance(atom, _Gap):
        return atom.least
    return 0 if isinstance(atom, _Variable) else 1


def _fits_gap(gap: _Gap, atom: _Atom) -> bool:
    if gap.spans:
        return True
    if isinstance(atom, _Gap | _One):
        return not atom.spans
    return atom != ":" and not isinstance(atom, _Variable)


def _fits(atom: _Atom, other: _Atom) -> bool:
    """Whether `atom`, which is no gap, may be laid over `other`."""
    if not isinstance(atom, _One):
        return atom == other
    if isinstance(other, _One):
        return atom.spans or not other.spans
    return isinstance(other, str) and (atom.spans or other != ":")


def glob_covers(pattern: str, other: str, *, spanning: bool = True) -> bool:
    """Whether every string that `other` matches is matched by `pattern`.

    Args:
        pattern: a pattern.
        other: a pattern, or `escape(literal)`.
        spanning: whether a wildcard inside a colon-separated segment passes a colon, in both.
    """
    if pattern == other:
        return True
    if "*" not in pattern and "?" not in pattern and "${" not in pattern:
        return unescape(other) == pattern
    row = _atoms(other, spanning)
    places = {0}
    for atom in _atoms(pattern, spanning):
        if isinstance(atom, _Gap):
            places = _behind_gap(places, atom, row)
        else:
            places = {place + 1 for place in places if place < len(row) and _fits(atom, row[place])}
        if not places:
            return False
    return len(row) in places


def _behind_gap(places: set[int], gap: _Gap, row: tuple[_Atom, ...]) -> set[int]:
    """The places in `row` at which `gap` may end, when it begins at one of `places`."""
    ends: set[int] = set()
    lacks: int | None = None  # how many characters the gap still needs; None where it has not begun, or had to stop
    for place, atom in enumerate((*row, None)):
        if lacks is None and place in places:
            lacks = gap.least
        if lacks is not None and lacks <= 0:
            ends.add(place)
        if lacks is not None and atom is not None:
            lacks = lacks - _least(atom) if _fits_gap(gap, atom) else None
    return ends


def has_wildcard(pattern: str) -> bool:
    """Whether the pattern can match more than one string: it holds `*`, `?` or a variable that is no escape."""
    if "*" not in pattern and "?" not in pattern and "${" not in pattern:
        return False
    return any(match.lastgroup in ("variable", "wildcards") for match in tokens(pattern))


def escape(literal: str) -> str:
    """The pattern that matches `literal` and nothing else."""
    if not set("*?$") & set(literal):
        return literal
    # A `$` that opens no `${` is an ordinary character to IAM; escaping it would only make names unreadable.
    return re.sub(r"[*?]|\$(?=\{)", lambda match: "${" + match.group() + "}", literal)


def unescape(pattern: str) -> str:
    """The literal that an escaped pattern stands for; wildcards and variables are left as they are."""
    return re.sub(r"\$\{([*?$])\}", r"\1", pattern) if "${" in pattern else pattern

"""Containment of IAM's glob patterns: does every string that matches one also match the other?

IAM knows two wildcards, `*` (any run of characters, none included) and `?` (exactly one), and nothing else: a `[` is a
bracket. `${*}`, `${?}` and `${$}` are the characters themselves, and any other `${...}` is a policy variable, whose
value is known only at the time of a call: it is covered by the same variable or by a `*`
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).

A pattern is read as a row of atoms: characters, single wildcards, variables, and gaps (a run of wildcards with a `*` in
it: at least so many characters). `a` covers `b` where `a`'s gaps can be laid over `b` so that all the rest is equal.
That is one step an atom of `a`, over the places in `b` that were reached. These are the bits of a number, so a step
takes a few operations on machine words, however many places there are: a thousand wildcards over thousands of
characters take a millisecond. Without variables the answer is exact in both directions, because the alphabet holds
letters that neither pattern names; a variable is compared by its name alone, so a `no` about one may mean `not known`.

Two readings of `*`. AWS: "If the * wildcard is the last character of a resource ARN segment, it can expand to match
beyond the colon boundaries" (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html).
Of one inside a segment AWS says nothing, so a caller chooses: `spanning=False` where a grant must be proved enough,
`spanning=True` where a grant must be proved not too much. A run of wildcards (`*?`, `?*`) is read as one: all of it
spans where it ends a segment.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
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


@dataclass(frozen=True, slots=True)
class _Row:
    """A pattern that another one is laid over: of its atoms' places, as the bits of a number, those that fit. A gap of
    at least so many characters stands there as so many `?` and a gap of none or more.

    Attributes:
        end: the bit behind the last atom.
        same: which equal an atom.
        within: which hold no colon for sure, so that what stops at one may pass over them.
        every: all.
        long: which are one character, and not none or more.
    """

    end: int
    same: Mapping[_Atom, int]
    within: int
    every: int
    long: int

    def behind(self, places: int, atom: _Atom) -> int:
        """The places behind `atom`, where it is laid at one of `places`."""
        if not isinstance(atom, _Gap | _One):
            return (places & self.same.get(atom, 0)) << 1
        fits = self.every if atom.spans else self.within
        if isinstance(atom, _One):
            return (places & fits & self.long) << 1
        for _ in range(atom.least):
            places = (_passed(places, fits & ~self.long) & fits & self.long) << 1
        return _passed(places, fits)


def _passed(places: int, fits: int) -> int:
    """`places`, and all that are reached from them over places that fit: the carry of a sum runs through ones."""
    return places | (((places & fits) + fits) ^ fits)


@functools.lru_cache(maxsize=4_096)
def _row(pattern: str, spanning: bool) -> _Row:
    same: dict[_Atom, int] = {}
    long = within = 0
    bit = 1
    for atom in _spread(_atoms(pattern, spanning)):
        same[atom] = same.get(atom, 0) | bit
        if isinstance(atom, str | _One):
            long |= bit
        if not _may_hold_colon(atom):
            within |= bit
        bit <<= 1
    return _Row(bit, same, within, every=bit - 1, long=long)


def _may_hold_colon(atom: _Atom) -> bool:
    if isinstance(atom, _Gap | _One):
        return atom.spans
    return atom == ":" or isinstance(atom, _Variable)


def _spread(atoms: Iterable[_Atom]) -> Iterator[_Atom]:
    """Gaps of at least so many characters as so many `?` and a gap of none or more."""
    for atom in atoms:
        if isinstance(atom, _Gap):
            yield from [_One(atom.spans)] * atom.least
            yield _Gap(0, atom.spans)
        else:
            yield atom


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
    row, places = _row(other, spanning), 1
    for atom in _atoms(pattern, spanning):
        places = row.behind(places, atom)
        if not places:
            return False
    return bool(places & row.end)


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

"""`overlap`: can two of IAM's glob patterns match the same string?

The question of an explicit Deny: it takes something away from a grant as soon as the two have one request in common,
where a grant must cover all of it. Every wildcard is read as wide as it can be (it passes colons, a policy variable
is any text), so `False` is certain, and `True` means that nothing shows the patterns to be apart.
"""

from __future__ import annotations

from typing import Final

from tracer.model.glob import tokens

_ANY: Final = ("*",)
_ONE: Final = ("?",)

_Atom = str | tuple[str]


def overlap(pattern: str, other: str) -> bool:
    """Whether some string may match both patterns."""
    if pattern == other or "*" in (pattern, other):
        return True
    left, right = _atoms(pattern), _atoms(other)
    # ends: the positions in `right` up to which some text matches both beginnings.
    ends = _behind_gaps({0}, right)
    for atom in left:
        ends = _behind_gaps(_after(atom, ends, right), right)
        if not ends:
            return False
    return len(right) in ends


def _atoms(pattern: str) -> tuple[_Atom, ...]:
    """Characters as themselves, `?` as _ONE, `*` and variables as _ANY; several _ANY in a row say no more than one."""
    atoms: list[_Atom] = []
    for token in tokens(pattern):
        text = token[token.lastgroup or 0]
        if token.lastgroup == "wildcards":
            atoms += [_ONE] * text.count("?")
        is_any = token.lastgroup == "variable" or (token.lastgroup == "wildcards" and "*" in text)
        if is_any and atoms[-1:] != [_ANY]:
            atoms.append(_ANY)
        elif token.lastgroup in ("escaped", "character"):
            atoms.append(text)
    return tuple(atoms)


def _behind_gaps(ends: set[int], right: tuple[_Atom, ...]) -> set[int]:
    """`ends`, and where they come to when gaps of `right` match nothing."""
    return ends | {end + 1 for end in ends if end < len(right) and right[end] == _ANY}


def _after(atom: _Atom, ends: set[int], right: tuple[_Atom, ...]) -> set[int]:
    """Where `ends` come to when `atom` of the left pattern is matched."""
    if atom == _ANY:
        return set(range(min(ends), len(right) + 1))
    reached = set()
    for end in ends:
        if end == len(right):
            continue
        if right[end] == _ANY:
            reached.add(end)
        elif right[end] in (atom, _ONE) or atom == _ONE:
            reached.add(end + 1)
    return reached

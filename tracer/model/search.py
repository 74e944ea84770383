r"""What a source is asked to look for in the bytes of its records, before it decodes any: `Wanted`.

Most of a log is other people's. Whose a record is stands in it as text, so a source that has the text passes over every
record that cannot be the run's, and merely counts it. What is found is only a candidate: reduce judges the decoded
fields.

A text may be spelled in several ways in JSON (`/` as `\/`, `=` as `\u003d`), but no writer escapes letters, digits
and `-_.`: so names are looked for by their longest stretch of these (`needle`), and never by a whole ARN.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tracer.model.record import RawRecord

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.-]+")
_SHORTEST: Final = 3
"""The shortest stretch that is worth looking for."""


class Search(Protocol):
    """A search in a source's records: its text, where it is at hand."""

    def look(self, wanted: Wanted) -> Iterator[RawRecord]:
        """The records that hold what is wanted, and may be others beside them; none that were found before."""
        ...

    def glance(self, wanted: Wanted) -> Iterator[RawRecord]:
        """The same, of records that are not the run's: they stay among those passed over."""
        ...

    def found(self) -> Iterator[RawRecord]:
        """Every record that was looked for so far, again."""
        ...

    @property
    def skipped(self) -> int:
        """How many records were passed over."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose records are looked for. A record that holds one of these is a candidate.

    Attributes:
        needles: pairs of a name and an account's number, or anything else that stands in the same record; `b""` where
            the name alone tells.
        roles, sessions, session_starts: of `assumed-role/ROLE/SESSION`, the role's name, the session's, and how the
            session's begins.
    """

    needles: frozenset[tuple[bytes, bytes]] = frozenset()
    roles: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    session_starts: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.needles or self.by_session)

    def __or__(self, other: Wanted) -> Wanted:
        return Wanted(*(mine | theirs for mine, theirs in zip(self._parts, other._parts, strict=True)))

    def __sub__(self, other: Wanted) -> Wanted:
        return Wanted(*(mine - theirs for mine, theirs in zip(self._parts, other._parts, strict=True)))

    @property
    def by_session(self) -> bool:
        """Whether sessions are looked for."""
        return bool(self.roles or self.sessions or self.session_starts)

    def wants(self, role: str, session: str) -> bool:
        """Whether a session is one of those looked for."""
        return role in self.roles or session in self.sessions or any(map(session.startswith, self.session_starts))

    @property
    def _parts(self) -> tuple[frozenset[Any], ...]:
        return self.needles, self.roles, self.sessions, self.session_starts


def needle(name: str) -> bytes | None:
    """What to look for where `name` is meant; None where it has nothing that every writer spells alike."""
    longest = max(_PLAIN.findall(name), key=len, default="")
    return longest.encode("ascii") if len(longest) >= _SHORTEST else None

"""`Meter`: hears how far the reading is, for whoever shows it."""

from __future__ import annotations

from typing import Protocol


class Meter(Protocol):
    """Is told by a source what it reads. It is told often, so both are quick."""

    def expect(self, files: int, size: int) -> None:
        """So many files more, of so many bytes in all, are to be read in a pass. Told once of each."""
        ...

    def advance(self, files: int, size: int) -> None:
        """So many files more, and so many bytes, were read."""
        ...


class Unwatched:
    """The meter that nobody looks at."""

    def expect(self, files: int, size: int) -> None:
        """Nothing."""

    def advance(self, files: int, size: int) -> None:
        """Nothing."""

"""`Format`: how a document becomes text. A format is one file in this folder and one line in its `FORMATS`."""

from __future__ import annotations

from typing import Protocol

from tracer.emit.draft import Document, Draft


class Format(Protocol):
    """One output format."""

    @property
    def extension(self) -> str:
        """What ends the file's name, without the dot."""
        ...

    def render(self, document: Document, draft: Draft) -> str:
        """`document`, one of those of `draft`, as text that ends in a newline; the same draft gives the same text."""
        ...

    def next_step(self, document: Document, draft: Draft, path: str | None) -> tuple[str, ...]:
        """What to do with the text that lies at `path` (None: it went to stdout).

        The lines of one shell command, each but the last to be continued; or one line in words.
        """
        ...

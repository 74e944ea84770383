"""`Format`: how a document becomes text. A format is one file in this folder and one line in its `FORMATS`."""

from __future__ import annotations

from typing import Protocol

from tracer.emit.draft import Document


class Format(Protocol):
    """One output format."""

    @property
    def extension(self) -> str:
        """What ends the file's name, without the dot."""
        ...

    def render(self, document: Document) -> str:
        """`document` as text that ends in a newline; the same document gives the same text."""
        ...

"""The output formats, by the name that `--format` takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tracer.emit.format.interface import Format
from tracer.emit.format.json import JsonFormat

__all__ = ["FORMATS", "Format"]

FORMATS: Final[Mapping[str, Format]] = {"json": JsonFormat()}
"""Every format there is."""

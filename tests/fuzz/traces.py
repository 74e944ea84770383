"""Trace files: read, written, and drafted into policies, of each the text in one format."""

from __future__ import annotations

import zlib
from typing import Final

from fuzz.harness import written
from tracer import emit
from tracer.cli.inputs import read_traces
from tracer.emit.format import FORMATS
from tracer.errors import SelfCheckFailed, TracerError
from tracer.model.trace import Trace

_FORMATS: Final = tuple(FORMATS.values())


def target(data: bytes) -> int:
    """One execution. Raises on anything but what is somebody's to mend; a failed self-check is not."""
    try:
        (trace,) = read_traces([written(data, "trace.json")])
    except TracerError:
        return 1
    text = trace.to_json()
    assert Trace.from_json(text).to_json() == text
    try:
        draft = emit.draft([trace], emit.DraftOptions(baseline="none"))
    except SelfCheckFailed:
        raise
    except TracerError:
        return 1
    form = _FORMATS[zlib.crc32(data) % len(_FORMATS)]
    for document in draft.documents:
        assert form.render(document, draft).encode().endswith(b"\n")
    return 1

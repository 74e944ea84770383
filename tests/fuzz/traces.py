"""Trace files: read, written, and drafted into policies in each format."""

from __future__ import annotations

from fuzz.harness import written
from tracer import emit
from tracer.cli.inputs import read_traces
from tracer.emit.format import FORMATS
from tracer.errors import SelfCheckFailed, TracerError
from tracer.model.trace import Trace


def target(data: bytes) -> None:
    """Raises on anything but what is somebody's to mend; a failed self-check is not."""
    try:
        (trace,) = read_traces([written(data, "trace.json")])
    except TracerError:
        return
    text = trace.to_json()
    assert Trace.from_json(text).to_json() == text
    try:
        draft = emit.draft([trace], emit.DraftOptions(baseline="none"))
    except SelfCheckFailed:
        raise
    except TracerError:
        return
    for document in draft.documents:
        for form in FORMATS.values():
            assert form.render(document, draft).encode().endswith(b"\n")

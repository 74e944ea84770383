"""Emit: traces and a baseline -> policy documents, proved against the traces before anybody sees them.

Pure: no network, no clock, and no file but the baseline's. What comes in is a `Trace`, what goes out a `Draft`; the
steps between are told in `tracer.emit.draft`.
"""

from tracer.emit.draft import Draft, DraftOptions, draft

__all__ = ["Draft", "DraftOptions", "draft"]

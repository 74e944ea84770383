"""What `--from` names becomes a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tracer.collect.combined import CombinedSource
from tracer.collect.files import FileSource
from tracer.collect.interface import RecordSource
from tracer.collect.lookup import LookupSource
from tracer.collect.s3 import S3Source
from tracer.collect.trail import SCHEME
from tracer.errors import UsageError
from tracer.model.run import DeployRun

LOOKUP: Final = "lookup"

_TRAIL: Final = "read the trail's bucket instead: --from s3://BUCKET/PREFIX"
_NOT_YET: Final[Mapping[str, str]] = {
    "athena:": _TRAIL,
    "lake:": f"use --from lookup for the last 90 days, or {_TRAIL}",
}
"""How sources begin that this version does not read, with what to do instead."""


def open_source(
    specs: Sequence[str],
    run: DeployRun,
    history: Callable[[Sequence[str]], RecordSource] = LookupSource,
    trail: Callable[[str], RecordSource] = S3Source,
) -> RecordSource:
    """The source that `specs` name: paths, `-` for standard input, `s3://bucket/prefix`, `lookup`; several are read one
    after the other.

    Nothing is read yet, and no client is made.

    Args:
        specs: what `--from` was given.
        run: what is asked for.
        history: makes the source that `lookup` names, of regions.
        trail: makes the source that `s3://bucket/prefix` names, of that.

    Raises:
        UsageError: nothing is named, or a kind of source that this version does not have, or no bucket.
    """
    if not specs:
        raise UsageError("no source is named", "name one: --from logs/, --from lookup, or --from - for standard input")
    for spec in specs:
        for start, hint in _NOT_YET.items():
            if spec.startswith(start):
                raise UsageError(f"--from {spec}: {start} is not yet built in this version", hint)
    sources: list[RecordSource] = []
    if paths := [spec for spec in specs if spec != LOOKUP and not spec.startswith(SCHEME)]:
        sources.append(FileSource(paths))
    sources += [trail(spec) for spec in dict.fromkeys(specs) if spec.startswith(SCHEME)]
    if LOOKUP in specs:
        sources.append(history(run.regions))
    return sources[0] if len(sources) == 1 else CombinedSource(sources)

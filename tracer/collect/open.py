"""What `--from` names becomes a source; the modules of a source are loaded where it is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from tracer.collect.combined import CombinedSource
from tracer.collect.files import FileSource
from tracer.collect.interface import DELIVERED, QuerySource, RecordSource
from tracer.collect.meter import Meter
from tracer.collect.trail import SCHEME
from tracer.errors import UsageError
from tracer.model.run import DeployRun

LOOKUP: Final = "lookup"

ATHENA: Final = "athena:"
LAKE: Final = "lake:"


def asks_in_sql(spec: str) -> bool:
    """Whether `spec` names a source that is asked in SQL: `athena:database.table`, `lake:event-data-store`."""
    return spec.startswith((ATHENA, LAKE))


def query_source(spec: str, slack: timedelta = DELIVERED, tell: Callable[[str], None] = lambda _: None) -> QuerySource:
    """The source that is asked in SQL and that `spec` names.

    Args:
        spec: what `asks_in_sql`.
        slack: how much later than a call its log file may be delivered.
        tell: what a person should read while it runs.

    Raises:
        UsageError: it names no table, or no event data store.
    """
    from tracer.collect.athena import AthenaSource
    from tracer.collect.athena_client import Table
    from tracer.collect.lake import LakeSource

    if spec.startswith(ATHENA):
        return AthenaSource(Table.parse(spec.removeprefix(ATHENA)), slack=slack, tell=tell)
    return LakeSource(spec.removeprefix(LAKE), tell=tell)


def history_source(regions: Sequence[str]) -> RecordSource:
    """The event history of regions."""
    from tracer.collect.lookup import LookupSource

    return LookupSource(regions)


def trail_source(spec: str) -> RecordSource:
    """The bucket of a trail. Raises UsageError where `spec` names none."""
    from tracer.collect.s3 import S3Source

    return S3Source(spec)


def open_source(
    specs: Sequence[str],
    run: DeployRun,
    history: Callable[[Sequence[str]], RecordSource] = history_source,
    trail: Callable[[str], RecordSource] = trail_source,
    queried: Callable[[str], RecordSource] = query_source,
    meter: Meter | None = None,
    slack: timedelta = DELIVERED,
) -> RecordSource:
    """The source that `specs` name: paths, `-` for standard input, `s3://bucket/prefix`, `lookup`,
    `athena:database.table`, `lake:event-data-store`; several are read one after the other.

    Nothing is read yet, and no client is made.

    Args:
        specs: what `--from` was given.
        run: what is asked for.
        history: makes the source that `lookup` names, of regions.
        trail: makes the source that `s3://bucket/prefix` names, of that.
        queried: makes the source that is asked in SQL, of its spec.
        meter: hears how far the reading of files is.
        slack: how much later than a call its log file may be delivered; of files that are read.

    Raises:
        UsageError: nothing is named, or no bucket, table or event data store.
    """
    if not specs:
        raise UsageError("no source is named", "name one: --from logs/, --from lookup, or --from - for standard input")
    sources: list[RecordSource] = []
    if paths := [spec for spec in specs if _is_path(spec)]:
        sources.append(FileSource(paths, meter, slack))
    sources += [trail(spec) for spec in dict.fromkeys(specs) if spec.startswith(SCHEME)]
    sources += [queried(spec) for spec in dict.fromkeys(specs) if asks_in_sql(spec)]
    if LOOKUP in specs:
        sources.append(history(run.regions))
    return sources[0] if len(sources) == 1 else CombinedSource(sources)


def _is_path(spec: str) -> bool:
    return spec != LOOKUP and not spec.startswith(SCHEME) and not asks_in_sql(spec)

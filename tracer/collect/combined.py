"""`CombinedSource`: several sources as one. A record that two of them hold comes twice; reduce counts it once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracer.collect.interface import RecordSource
from tracer.model.finding import Finding
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun


class CombinedSource:
    """The records of each source, one source after the other."""

    def __init__(self, sources: Sequence[RecordSource]) -> None:
        self._sources = tuple(sources)

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        """Every record of every source. Raises CollectError."""
        for source in self._sources:
            yield from source.records(run)

    def findings(self) -> tuple[Finding, ...]:
        """All findings, each once."""
        return tuple(dict.fromkeys(finding for source in self._sources for finding in source.findings()))

"""`RecordSource`: the one thing that reduce asks of a place where CloudTrail records come from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, Protocol, runtime_checkable

from tracer.model.finding import Finding
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun
from tracer.model.search import Search

USUAL: Final = timedelta(minutes=15)
"""How long CloudTrail takes to deliver a call's record at most, mostly. An estimate: AWS states an average alone."""

DELIVERED: Final = timedelta(hours=1)
"""How old calls are when CloudTrail is taken to have delivered them all: twelve times its average, "about 5 minutes of
an API call. This time is not guaranteed"
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html)."""


class RecordSource(Protocol):
    """A source of CloudTrail records.

    A run is read in two passes (who acts for whom; then which records count), so `records` can be called again and
    yields the same records, in any order.
    """

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        """Every record that may belong to `run`; others may be among them. Raises CollectError."""
        ...

    def findings(self) -> tuple[Finding, ...]:
        """What this source cannot show, or did not check: asked after the last record."""
        ...


@runtime_checkable
class SearchableSource(RecordSource, Protocol):
    """A source that can find the records of a few callers before it decodes any."""

    def search(self, run: DeployRun) -> Search | None:
        """A search in what `records` would yield; None where there can be none. Raises CollectError."""
        ...


class QuerySource(RecordSource, Protocol):
    """A source that is asked in SQL."""

    def sql(self, run: DeployRun) -> str:
        """The query that `records` would run, with its values in it; it is not run. Raises CollectError."""
        ...


def unchecked(files: str, *, from_the_bucket: bool = False) -> Finding:
    """That nobody held a trail's log files against its digests.

    Args:
        files: which files, in words.
        from_the_bucket: whether they are read from the bucket, where `--verify` checks them.
    """
    where = "" if from_the_bucket else " where they are read from the bucket"
    return Finding(
        "INTEGRITY_UNCHECKED", f"{files} were not checked against the trail's digests: --verify does that{where}"
    )

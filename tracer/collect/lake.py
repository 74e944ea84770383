"""`LakeSource`: records of an event data store in CloudTrail Lake.

Lake is closed to new customers since 2026-05-31 and goes on for those who have it, so this is a small adapter
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake-service-availability-change.html). A store
keeps each event's own JSON in the column `eventjson` (as DataDog's grimoire reads it, pkg/grimoire/logs; not tried on
AWS): the records come out as CloudTrail wrote them, selected by `tracer.collect.question` and not folded.

Lake takes Trino's SQL (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-limitations.html). It binds no
values into it (`QueryParameters` serve dashboards alone,
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartQuery.html), so they are quoted here.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from tracer.collect.aws import ACCESS_DENIED, ClientFactory, error_code, explained, new_client
from tracer.collect.question import needed, size, waits
from tracer.collect.shapes import read_records
from tracer.collect.spool import Spool
from tracer.errors import CollectError, UsageError
from tracer.model.arn import Arn
from tracer.model.finding import Finding
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun

START: Final = "cloudtrail:StartQuery"
RESULTS: Final = "cloudtrail:GetQueryResults"

_ID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ROLE: Final = "the policy that tracer needs is printed by: tracer permissions --for lake"
_OPEN: Final = ("QUEUED", "RUNNING")


class LakeSource:
    """The records of one event data store.

    Args:
        store: its id or ARN; a store that an ARN names is asked in its own region.
        client_factory: makes the client.
        sleep: waits so many seconds.
        tell: what a person should read while it runs: the bytes scanned.

    Raises:
        UsageError: `store` is no id and no ARN of one.
    """

    def __init__(
        self,
        store: str,
        client_factory: ClientFactory = new_client,
        sleep: Callable[[float], None] = time.sleep,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        arn = Arn.find(store)
        self._store = arn.resource.removeprefix("eventdatastore/") if arn else store
        self._region = arn.region if arn else None
        if not _ID.fullmatch(self._store):
            raise UsageError(
                f"--from lake:{store} names no event data store",
                "give its id or ARN, as this lists them: aws cloudtrail list-event-data-stores",
            )
        self._new_client = client_factory
        self._sleep = sleep
        self._tell = tell
        self._answers: dict[DeployRun, Spool] = {}

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        """The records that the run can need, asked for once. Raises CollectError where Lake does not answer."""
        if run not in self._answers:
            self._answers[run] = self._asked(run)
        yield from read_records(self._answers[run].chunks(), f"lake:{self._store}")

    def findings(self) -> tuple[Finding, ...]:
        """That the query left out what cannot be the run's, so that it is not in the accounting."""
        message = (
            f"CloudTrail Lake was asked for the records of {self._store} that the run can need, and no others are "
            "counted as read; what the event data store does not hold (data events, by default) is not there"
        )
        return (Finding("COVERAGE_GAP", message),)

    def sql(self, run: DeployRun) -> str:
        """The query; nothing is asked."""
        return f"SELECT eventjson\nFROM {self._store}\nWHERE {needed(run, _time_text).quoted()}"

    def _asked(self, run: DeployRun) -> Spool:
        """The answer on disk. Raises CollectError."""
        from botocore.exceptions import BotoCoreError, ClientError

        action = START
        try:
            client = self._new_client("cloudtrail", self._region)
            query = client.start_query(QueryStatement=self.sql(run))["QueryId"]
            action = RESULTS
            return Spool(self._lines(client, query))
        except (BotoCoreError, ClientError) as error:
            told = explained(error, action)
            hint = _ROLE if error_code(error) in ACCESS_DENIED else told.hint
            raise CollectError(told.message, hint) from error

    def _lines(self, client: Any, query: str) -> Iterator[bytes]:  # noqa: ANN401 - see ClientFactory
        """The records of all pages, each as `read_records` takes it. Raises CollectError and botocore's errors."""
        answer = self._first_page(client, query)
        self._tell(f"CloudTrail Lake scanned {size(answer.get('QueryStatistics', {}).get('BytesScanned', 0))}.")
        while True:
            for row in answer.get("QueryResultRows", ()):
                cells = {name.lower(): value for cell in row for name, value in cell.items()}
                yield json.dumps({"CloudTrailEvent": cells.get("eventjson")}).encode() + b"\n"
            if not answer.get("NextToken"):
                return
            answer = client.get_query_results(QueryId=query, NextToken=answer["NextToken"])

    def _first_page(self, client: Any, query: str) -> Mapping[str, Any]:  # noqa: ANN401 - see ClientFactory
        for wait in waits():
            answer: Mapping[str, Any] = client.get_query_results(QueryId=query)
            if answer["QueryStatus"] not in _OPEN:
                break
            self._sleep(wait)
        if answer["QueryStatus"] != "FINISHED":
            reason = answer.get("ErrorMessage") or "no reason is given"
            raise CollectError(
                f"the query of {self._store} ended as {answer['QueryStatus']} in CloudTrail Lake: {reason}",
                "try it in the console: CloudTrail > Lake > Query. --dry-run prints the SQL",
            )
        return answer


def _time_text(moment: datetime) -> str:
    """A moment as Lake's own examples write it, in UTC:
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake-queries.html.
    """
    return f"{moment:%Y-%m-%d %H:%M:%S}"

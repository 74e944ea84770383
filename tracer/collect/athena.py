"""`AthenaSource`: records of a trail whose log files are a table in Amazon Athena.

What comes in: the name of a table as `queries/athena/create_table.sql` makes it, or as the CloudTrail console does.
What goes out: records. For organisations whose trail outgrows one machine, the work is done where the logs are:

- the selection of `tracer.collect.question` is the query's WHERE, and partitions of day, account and region, where the
  table has them, bound what is scanned;
- equal calls are one row (`sql/calls.sql`): a deploy that asks a hundred times how its stack is doing is one row a
  principal and hour. The row carries the time and the id of each of its events, not a count and examples alone, so that
  it is unfolded here into records again and the trace is the one that the log files give: counts, first and last times,
  evidence, duplicates. What a row leaves out is what reduce does not read: requestID, tlsDetails and the like.

How Athena is asked is `tracer.collect.athena_client`'s.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from importlib import resources
from typing import Any, Final

from tracer.collect.athena_client import Athena, Table, asking
from tracer.collect.aws import ClientFactory, new_client
from tracer.collect.interface import unchecked
from tracer.collect.question import (
    Condition,
    accounts_of,
    among,
    every,
    first_moment,
    needed,
    regions_of,
    within,
)
from tracer.collect.shapes import read_records
from tracer.collect.spool import Spool
from tracer.model.finding import Finding
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun

TABLE: Final = "glue:GetTable"

SLACK: Final = timedelta(hours=1)
"""How much later than a call its log file, whose day is that of its delivery, is looked for: it usually takes five
minutes, "not guaranteed" (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html)."""

_DAY: Final = "timestamp"
_ACCOUNT: Final = ("account", "accountid", "account_id")
_REGION: Final = "region"
"""The names of partition keys in AWS's own examples:
https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html and
https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-org-wide-trail.html."""
_DATE: Final = ("year", "month", "day")
_JOINED_DATE: Final = "concat({}, '/', {}, '/', {})".format(
    *(f"lpad(CAST(\"{key}\" AS varchar), {width}, '0')" for key, width in zip(_DATE, (4, 2, 2), strict=True))
)
"""The three as one text like `timestamp`, be they strings or numbers, `1` or `01`."""

_FIELDS: Final[Mapping[str, str]] = {
    "eventversion": "eventVersion",
    "eventtype": "eventType",
    "eventcategory": "eventCategory",
    "eventsource": "eventSource",
    "eventname": "eventName",
    "awsregion": "awsRegion",
    "apiversion": "apiVersion",
    "readonly": "readOnly",
    "recipientaccountid": "recipientAccountId",
    "sharedeventid": "sharedEventID",
    "sourceipaddress": "sourceIPAddress",
    "useragent": "userAgent",
    "errorcode": "errorCode",
    "errormessage": "errorMessage",
    "requestparameters": "requestParameters",
    "responseelements": "responseElements",
    "additionaleventdata": "additionalEventData",
    "resources": "resources",
}
_IDENTITY: Final[Mapping[str, str]] = {
    "identity_type": "type",
    "identity_principalid": "principalId",
    "identity_arn": "arn",
    "identity_accountid": "accountId",
    "identity_accesskeyid": "accessKeyId",
    "identity_username": "userName",
    "identity_invokedby": "invokedBy",
}
_ISSUER: Final[Mapping[str, str]] = {"issuer_type": "type", "issuer_arn": "arn"}
"""The query's columns, by the names that CloudTrail has for them in a record."""

_JSON: Final = frozenset({"requestparameters", "responseelements", "additionaleventdata", "resources"})
"""The columns that hold JSON as text."""


class AthenaSource:
    """The records of a table of CloudTrail's logs.

    Args:
        table: which one.
        client_factory: makes the clients, of the environment's region: that is where the table is.
        sleep: waits so many seconds.
        slack: how much later than a call its log file may be delivered.
        tell: what a person should read while it runs: the bytes scanned.
    """

    def __init__(
        self,
        table: Table,
        client_factory: ClientFactory = new_client,
        sleep: Callable[[float], None] = time.sleep,
        slack: timedelta = SLACK,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._table = table
        self._new_client = client_factory
        self._athena = Athena(table, client_factory, sleep, tell)
        self._slack = slack
        self._tell = tell
        self._partitions: frozenset[str] | None = None
        self._answers: dict[DeployRun, Spool] = {}

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        """The records that the run can need, asked for once.

        Raises:
            CollectError: the query could not be run, or failed; no credentials, no region, no such table.
        """
        if run not in self._answers:
            self._answers[run] = self._asked(run)
        yield from read_records(self._answers[run].chunks(), f"athena:{self._table}")

    def findings(self) -> tuple[Finding, ...]:
        """That the query left out what cannot be the run's, so that it is not in the accounting, and that Athena reads
        log files as they lie in the bucket.
        """
        message = (
            f"Athena was asked for the records of {self._table} that the run can need, and no others are counted as "
            "read; what the trail does not log (data events, by default) is not there"
        )
        return Finding("COVERAGE_GAP", message), unchecked(f"the log files behind {self._table}")

    def sql(self, run: DeployRun) -> str:
        """The query with its values in it, to be read and to be pasted; the table's partitions are asked for.

        Raises CollectError where the table cannot be looked up.
        """
        return _query(self._table, Condition(self._condition(run).quoted()))

    def _condition(self, run: DeployRun) -> Condition:
        return every((*_bounds(self._partition_keys(), run, self._slack), needed(run, _time_text)))

    def _partition_keys(self) -> frozenset[str]:
        """The names of the table's partition keys. Raises CollectError."""
        if self._partitions is None:
            with asking(TABLE):
                answer = self._new_client("glue", None).get_table(
                    DatabaseName=self._table.database, Name=self._table.name
                )
            self._partitions = frozenset(key["Name"].lower() for key in answer["Table"].get("PartitionKeys", ()))
        return self._partitions

    def _asked(self, run: DeployRun) -> Spool:
        """The answer, unfolded, on disk. Raises CollectError."""
        condition = self._condition(run)
        if not self._partition_keys() & {_DAY, *_DATE}:
            self._tell(f"{self._table} has no partition of the day: Athena scans all of it.")
        rows = self._athena.rows(_query(self._table, condition), condition.values)
        return Spool(map(_lines, rows))


def _query(table: Table, condition: Condition) -> str:
    text = (resources.files("tracer.collect") / "sql" / "calls.sql").read_text(encoding="utf-8")
    name = f'"{table.database}"."{table.name}"'
    statement = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return statement.replace("<table>", name).replace("<condition>", condition.sql)


def _bounds(keys: frozenset[str], run: DeployRun, slack: timedelta) -> Iterator[Condition | None]:
    """What of the table is scanned, by its partition keys; a log file's day is that of its delivery."""
    first, until = first_moment(run), run.window.until
    days = (f"{first:%Y/%m/%d}" if first else None, f"{until + slack:%Y/%m/%d}" if until else None)
    if _DAY in keys:
        yield within(f'"{_DAY}"', *days, closed=True)
    elif keys.issuperset(_DATE):
        yield within(_JOINED_DATE, *days, closed=True)
    for key in sorted(keys.intersection(_ACCOUNT)):
        yield among(f'"{key}"', accounts_of(run))
    if _REGION in keys:
        yield among(f'"{_REGION}"', regions_of(run))


def _time_text(moment: datetime) -> str:
    """A moment as the table has it: CloudTrail's own text, which sorts as time does."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _lines(row: Mapping[str, str]) -> bytes:
    """The records that a row stands for, one a line."""
    call = _call(row)
    events = json.loads(row["events"])
    return b"".join(_line({**call, "eventTime": moment, "eventID": event}) for moment, event in events)


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _call(row: Mapping[str, str]) -> dict[str, Any]:
    """The record that a row's events have in common."""
    call: dict[str, Any] = {field: _value(column, row[column]) for column, field in _FIELDS.items() if column in row}
    identity: dict[str, Any] = _named(row, _IDENTITY)
    if issuer := _named(row, _ISSUER):
        identity["sessionContext"] = {"sessionIssuer": issuer}
    return {**call, "userIdentity": identity}


def _named(row: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {field: row[column] for column, field in names.items() if column in row}


def _value(column: str, text: str) -> object:
    """What a record has there: Athena hands out flags and objects as text. What is none stays text."""
    if column == "readonly":
        return {"true": True, "false": False}.get(text, text)
    if column in _JSON and text.startswith(("{", "[", "null")):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(text)
    return text

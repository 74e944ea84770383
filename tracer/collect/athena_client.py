"""`Athena`: a query asked of Amazon Athena, and its rows.

The client is boto3, which tracer has anyway: start, poll and page are three calls, and a DB-API driver (PyAthena) adds
to them what is not needed here, cursors and type conversion. Values are bound with `ExecutionParameters`, never written
into the SQL. The workgroup says where results go.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tracer.collect.aws import ACCESS_DENIED, ClientFactory, error_code, explained, new_client
from tracer.collect.question import literal, size, waits
from tracer.errors import CollectError, UsageError

START: Final = "athena:StartQueryExecution"
STATUS: Final = "athena:GetQueryExecution"
RESULTS: Final = "athena:GetQueryResults"
STOP: Final = "athena:StopQueryExecution"

_SPEC: Final = re.compile(
    r"(?:(?P<workgroup>[A-Za-z0-9._-]{1,128})@)?(?P<database>[\w-]+)\.(?P<table>[\w-]+)", re.ASCII
)

_ROLE: Final = "the policy that tracer needs is printed by: tracer permissions --for athena"
_NAMES: Final = "check the names in --from athena:DATABASE.TABLE, and AWS_REGION"
_HINTS: Final = (
    (
        "output location",
        "give the workgroup a query result location, or name one that has it: athena:WORKGROUP@DB.TABLE",
    ),
    ("COLUMN_NOT_FOUND", "the table lacks a column: make one with queries/athena/create_table.sql"),
    ("TABLE_NOT_FOUND", _NAMES),
    ("EntityNotFoundException", _NAMES),
    ("CONSTRAINT_VIOLATION", "the table wants to know account or region: give --account, --region"),
    ("denied", _ROLE),
    ("not authorized", _ROLE),
    ("Insufficient permissions", _ROLE),
    ("bytes scanned limit", "narrow --since and --until, or use a workgroup that may scan more"),
    ("workgroup", "check the name before `@` in --from athena:WORKGROUP@DATABASE.TABLE, and AWS_REGION"),
)
"""What to try next, by what Athena's message says:
https://docs.aws.amazon.com/athena/latest/ug/troubleshooting-athena.html."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table in Athena, and the workgroup to ask in; None is Athena's own, `primary`."""

    database: str
    name: str
    workgroup: str | None = None

    @classmethod
    def parse(cls, text: str) -> Table:
        """Of `[workgroup@]database.table`. Raises UsageError."""
        found = _SPEC.fullmatch(text)
        if not found:
            raise UsageError(
                f"--from athena:{text} names no table",
                "write athena:DATABASE.TABLE, or athena:WORKGROUP@DATABASE.TABLE",
            )
        return cls(found["database"], found["table"], found["workgroup"])

    def __str__(self) -> str:
        return f"{self.database}.{self.name}"


class Athena:
    """Asks Athena about a table.

    Args:
        table: which one, and the workgroup to ask in.
        client_factory: makes the clients, of the environment's region: that is where the table is.
        sleep: waits so many seconds.
        tell: what a person should read while it runs: the bytes scanned.
    """

    def __init__(
        self,
        table: Table,
        client_factory: ClientFactory = new_client,
        sleep: Callable[[float], None] = time.sleep,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._table = table
        self._new_client = client_factory
        self._sleep = sleep
        self._tell = tell

    def rows(self, sql: str, values: Sequence[str]) -> Iterator[Mapping[str, str]]:
        """The rows of a query by their columns' names, a cell that is null left out.

        Args:
            sql: the query, with a `?` for each value.
            values: the values.

        Raises:
            CollectError: the query could not be run, or failed; no credentials, no region.
        """
        with asking(START):
            client = self._new_client("athena", None)
        execution = self._started(client, sql, values)
        try:
            self._finished(client, execution)
        except KeyboardInterrupt:
            # What is scanned is paid for.
            client.stop_query_execution(QueryExecutionId=execution)
            raise
        yield from _rows(client, execution)

    def _started(self, client: Any, sql: str, values: Sequence[str]) -> str:  # noqa: ANN401 - see ClientFactory
        request: dict[str, Any] = {
            "QueryString": sql,
            "QueryExecutionContext": {"Database": self._table.database},
            # Each is taken as a literal of SQL, so a string is quoted here too:
            # https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html.
            "ExecutionParameters": [literal(value) for value in values],
        }
        if self._table.workgroup:
            request["WorkGroup"] = self._table.workgroup
        with asking(START):
            return str(client.start_query_execution(**request)["QueryExecutionId"])

    def _finished(self, client: Any, execution: str) -> None:  # noqa: ANN401 - see ClientFactory
        """Wait for the query's end. Raises CollectError where that is no success."""
        for wait in waits():
            with asking(STATUS):
                answer = client.get_query_execution(QueryExecutionId=execution)["QueryExecution"]
            state = answer["Status"]["State"]
            if state == "SUCCEEDED":
                scanned = answer.get("Statistics", {}).get("DataScannedInBytes", 0)
                self._tell(f"Athena scanned {size(scanned)} of {self._table}.")
                return
            if state in ("FAILED", "CANCELLED"):
                reason = answer["Status"].get("StateChangeReason") or "no reason is given"
                raise CollectError(f"the query of {self._table} {state.lower()} in Athena: {reason}", _hint(reason))
            self._sleep(wait)


def _rows(client: Any, execution: str) -> Iterator[Mapping[str, str]]:  # noqa: ANN401 - see ClientFactory
    """The rows by their columns' names, page by page; the first of all is the names themselves. Raises CollectError."""
    names: Sequence[str] = ()
    request = {"QueryExecutionId": execution}
    while True:
        with asking(RESULTS):
            answer = client.get_query_results(**request)
        for row in answer["ResultSet"]["Rows"]:
            cells = [cell.get("VarCharValue") for cell in row["Data"]]
            if names:
                yield {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}
            else:
                names = cells
        if not answer.get("NextToken"):
            return
        request = {"QueryExecutionId": execution, "NextToken": answer["NextToken"]}


@contextlib.contextmanager
def asking(action: str) -> Iterator[None]:
    """Errors of AWS as ones for people. Raises CollectError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        told = explained(error, action)
        hint = _ROLE if error_code(error) in ACCESS_DENIED else told.hint or _hint(str(error))
        raise CollectError(told.message, hint) from error


def _hint(message: str, hints: Iterable[tuple[str, str]] = _HINTS) -> str:
    """What to try next; a message that nothing is known about speaks for itself."""
    return next((hint for sign, hint in hints if sign.lower() in message.lower()), "")

"""Which records of a table a run can need, as conditions in SQL: what Athena and CloudTrail Lake are asked alike.

Reduce selects; a query only spares what can be no record of the run and tells nothing about one. Pushed down are the
window, the regions, the accounts, the event sources, and the callers that can never belong:

- AWS services for themselves and callers of other accounts, whose records no policy can hold a line for;
- where principals are asked for, the IAM users and roots that are none of them. Whoever acts for a principal acts in a
  session of a role, so all sessions stay; which of them belong, AssumeRole, stacks and functions tell reduce.

What is not pushed down: `--user-agent`, because it is asked of direct calls alone, and no one column tells those. The
records of IAM and STS stay whatever the filters say, from the longest session before the window on: they tell who acts
for whom, and the paths of roles.

Values are never part of the SQL here: a `Condition` carries them beside its `?`, and each engine binds or quotes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tracer.model.arn import Arn
from tracer.model.run import DeployRun

LONGEST_SESSION: Final = timedelta(hours=12)
"""How long a session lasts at most: so far before the window may the AssumeRole call be that began it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html."""

GLOBAL_REGIONS: Final = ("cn-north-1", "us-east-1", "us-gov-west-1", "us-west-2")
"""Where the partitions log their global services, us-west-2 those of Global Accelerator: they pass whatever region is
asked for, and a region where nothing is logged costs nothing.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
and https://docs.aws.amazon.com/global-accelerator/latest/dg/logging-using-cloudtrail.html."""

NO_CALLERS: Final = ("AWSService", "AWSAccount")
"""The identity types of callers that no policy of this account can be attached to:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html."""

_CONTEXT: Final = ("iam.amazonaws.com", "sts.amazonaws.com")
_FIRST_WAITS: Final = (0.25, 0.5, 1.0, 2.0)
_WAIT: Final = 4.0


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in SQL, with a value for each `?` in it."""

    sql: str
    values: tuple[str, ...] = ()

    def quoted(self) -> str:
        """The condition with its values in it, each a literal."""
        parts = self.sql.split("?")
        literals = (literal(value) for value in self.values)
        return parts[0] + "".join(value + part for value, part in zip(literals, parts[1:], strict=True))


def literal(text: str) -> str:
    """A string as a literal of Presto and Trino, where a quote is doubled and no other character means anything:
    https://trino.io/docs/current/language/types.html#varchar.
    """
    return "'" + text.replace("'", "''") + "'"


def every(conditions: Iterable[Condition | None]) -> Condition:
    """All of the conditions, one a line; TRUE where there is none."""
    return _joined("\n  AND ", conditions) or Condition("TRUE")


def among(column: str, values: Sequence[str]) -> Condition | None:
    """The column is one of the values; None where there are none."""
    marks = ", ".join("?" * len(values))
    return Condition(f"{column} IN ({marks})", tuple(values)) if values else None


def within(column: str, first: str | None, last: str | None, *, closed: bool = False) -> Condition | None:
    """The column is not before `first` and before `last` (or not behind it, where `closed`); None is no bound."""
    return _joined(
        " AND ",
        (
            Condition(f"{column} >= ?", (first,)) if first else None,
            Condition(f"{column} {'<=' if closed else '<'} ?", (last,)) if last else None,
        ),
    )


def needed(run: DeployRun, time_text: Callable[[datetime], str]) -> Condition:
    """The records that `run` can need.

    Args:
        run: what is asked for.
        time_text: a moment as text that compares with the engine's `eventtime`.
    """

    def text(moment: datetime | None) -> str | None:
        return time_text(moment) if moment else None

    own = every(
        (
            within("eventtime", text(run.window.since), None),
            among("coalesce(nullif(recipientaccountid, ''), useridentity.accountid)", run.accounts),
            among("awsregion", regions_of(run)),
            _holding_one("eventsource", run.event_sources),
            _not_others(run.principals),
        )
    )
    context = among("eventsource", _CONTEXT)
    return every(
        (
            within("eventtime", text(first_moment(run)), text(run.window.until)),
            Condition("(useridentity.type IS NULL OR useridentity.type NOT IN (?, ?))", NO_CALLERS),
            None
            if own.sql == "TRUE"
            else _joined("\n   OR ", (context, Condition(f"({own.sql})", own.values)), "(", ")"),
        )
    )


def first_moment(run: DeployRun) -> datetime | None:
    """The earliest moment of which a record can tell something about the run; None where the run has no beginning."""
    return run.window.since - LONGEST_SESSION if run.window.since else None


def regions_of(run: DeployRun) -> tuple[str, ...]:
    """The regions whose records can be the run's; none: all."""
    return tuple(sorted({*run.regions, *GLOBAL_REGIONS})) if run.regions else ()


def accounts_of(run: DeployRun) -> tuple[str, ...]:
    """The accounts whose records can be the run's, those of its principals among them; none: all."""
    principals = {arn.account for text in run.principals if (arn := Arn.find(text))}
    return tuple(sorted({*run.accounts, *principals})) if run.accounts else ()


def waits() -> Iterator[float]:
    """How many seconds to wait before asking again whether a query is done: short at first, without end."""
    yield from _FIRST_WAITS
    while True:
        yield _WAIT


def size(count: int) -> str:
    """A number of bytes for people."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def _not_others(principals: Sequence[str]) -> Condition | None:
    """The caller is no IAM user and no root but those asked for.

    A caller without an ARN stays: reduce may know a user or the root by account and name.
    """
    if not principals:
        return None
    asked = among("useridentity.arn", principals)
    users = "useridentity.arn LIKE 'arn:%:iam::%:user/%' OR useridentity.arn LIKE 'arn:%:iam::%:root'"
    others = Condition(f"useridentity.arn IS NULL OR NOT ({users})")
    return _joined(" OR ", (others, asked), "(", ")")


def _holding_one(column: str, texts: Sequence[str]) -> Condition | None:
    """The column holds one of the texts."""
    return _joined(" OR ", [Condition(f"strpos({column}, ?) > 0", (text,)) for text in texts], "(", ")")


def _joined(
    word: str, conditions: Iterable[Condition | None], opening: str = "", closing: str = ""
) -> Condition | None:
    given = [condition for condition in conditions if condition]
    if not given:
        return None
    sql = opening + word.join(condition.sql for condition in given) + closing
    return Condition(sql, tuple(value for condition in given for value in condition.values))

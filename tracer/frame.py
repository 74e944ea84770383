"""Traces as pandas tables, for notebooks: the one module that imports pandas, beside what is drawn of them.

Four tables say what tracer knows: `records` (the calls), `permissions`, `denied` and `findings`. Each documents its
columns. All have the same kinds: text is `string`, what repeats is `category`, numbers are `Int64`, times are
`datetime64[s, UTC]`, whole seconds as CloudTrail has them, so that no year is out of bounds; what is missing is `pd.NA`
or `NaT`.

The rest answers questions that notebooks ask: when was what called (`calls_over_time`, `bursts`), how much of it has
the baseline (`coverage`), what makes a policy large (`policy_size`), how do two runs differ (`changes`, `stages`); and
`draw_calls` and `draw_bars` draw the answers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import pandas as pd

from tracer.model.finding import Finding
from tracer.model.jsontext import json_text
from tracer.model.permission import Evidence, Section, UsedPermission
from tracer.model.policy import Policy, Statement
from tracer.model.record import Record
from tracer.model.trace import Denial, Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TIME_LENGTH: Final = len("2026-11-24T08:00:00")
_COLOURS: Final = (
    "#4c78a8",
    "#e0731d",
    "#54865b",
    "#c44e52",
    "#7d6aa8",
    "#8c6d4f",
    "#c2699f",
    "#3d8f96",
    "#9a8b1f",
)
_GREY: Final = "#9d9d9d"
_LEGIBLE: Final = 30
"""Into how many numbers the longest bar is divided so that each can still be read inside it."""
_OTHERS: Final = "others"
_SEVERAL: Final = "several"
_DOCUMENT: Final = "(document)"


class HasFindings(Protocol):
    """A Trace or a Draft."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a reader has to know."""


class Merged(Protocol):
    """How a principal's permissions compare with the baseline."""

    @property
    def already(self) -> tuple[UsedPermission, ...]:
        """Those that the baseline allows."""

    @property
    def added(self) -> tuple[UsedPermission, ...]:
        """The others."""


class Share(Protocol):
    """What one principal gets."""

    @property
    def section(self) -> Section:
        """Whose policy it is."""

    @property
    def merged(self) -> Merged:
        """How its permissions compare with the baseline."""


class Shared(Protocol):
    """A Draft."""

    @property
    def shares(self) -> Sequence[Share]:
        """One for each principal."""


def records(items: Iterable[Record]) -> pd.DataFrame:
    """One row an event, in the order of time. An event that came twice is one row.

    Columns:
        time: datetime64[s, UTC], when the call was made.
        service: category, the event source without `.amazonaws.com`.
        event_name, event_id: string.
        caller: string, `userIdentity.arn`: a session for a role; missing for AWS's calls for itself.
        via: category, the service that forwarded the call; missing for a direct one.
        account, user_agent: string.
        region: category.
        error: string, CloudTrail's errorCode; missing where the call succeeded.
    """
    kept = sorted({item.event_id: item for item in items}.values(), key=lambda item: (item.event_time, item.event_id))
    return pd.DataFrame(
        {
            "time": _times(item.event_time.replace(tzinfo=None).isoformat() for item in kept),
            "service": _words(item.service for item in kept),
            "event_name": _text(item.event_name for item in kept),
            "caller": _text(item.user_identity.arn for item in kept),
            "via": _words(item.via for item in kept),
            "account": _text(item.account for item in kept),
            "region": _words(item.aws_region for item in kept),
            "user_agent": _text(item.user_agent for item in kept),
            "error": _text(item.error_code for item in kept),
            "event_id": _text(item.event_id for item in kept),
        }
    )


def permissions(trace: Trace) -> pd.DataFrame:
    """One row a permission of the trace, in its order.

    Columns:
        section, principal, service, action, resource, basis: string (`Permission`); a service is an action's prefix.
        rule, via: string, missing where there is none.
        conditions: the Condition block as a dictionary; empty where there is none.
        count: Int64, records behind it; 0 where it is inferred.
        first, last: datetime64[s, UTC]; NaT where it is inferred.
        events: tuples of eventIDs, the first ones.
        widened: tuples of `Widening`.
    """
    lines = [used.permission for used in trace.permissions]
    return pd.DataFrame(
        {
            "section": _text(line.section.value for line in lines),
            "principal": _text(line.principal for line in lines),
            "service": _text(line.action.service for line in lines),
            "action": _text(line.action.text for line in lines),
            "resource": _text(line.resource.text for line in lines),
            "basis": _text(line.basis.value for line in lines),
            "rule": _text(line.rule for line in lines),
            "via": _text(line.via for line in lines),
            "conditions": pd.Series([line.conditions.to_json() for line in lines], dtype="object"),
            **_evidence([used.evidence for used in trace.permissions]),
            "widened": pd.Series([used.widened for used in trace.permissions], dtype="object"),
        }
    )


def denied(trace: Trace) -> pd.DataFrame:
    """One row for each kind of call that AWS refused, in the trace's order.

    Columns:
        principal, error, read_from: string (`Denial`).
        service, action, resource, cause: string, missing where nothing names it.
        count: Int64, records behind it.
        first, last: datetime64[s, UTC].
        events: tuples of eventIDs, the first ones.
    """
    rows = trace.denied
    return pd.DataFrame(
        {
            "principal": _text(row.principal for row in rows),
            "service": _text(_service(row) for row in rows),
            "action": _text(row.action for row in rows),
            "resource": _text(row.resource for row in rows),
            "error": _text(row.error for row in rows),
            "cause": _text(row.cause for row in rows),
            "read_from": _text(row.read_from for row in rows),
            **_evidence([row.evidence for row in rows]),
        }
    )


def findings(of: HasFindings) -> pd.DataFrame:
    """One row a finding of a Trace or a Draft, in its order.

    Columns:
        severity: category, ordered: error, warning, note.
        code: category.
        message: string.
        event_source, event_name: string, missing where it is about no event.
        count: Int64, records that it was seen in; 0 where it is not about records.
        events: tuples of eventIDs, some of them.
    """
    rows = of.findings
    weights = pd.CategoricalDtype(["error", "warning", "note"], ordered=True)
    return pd.DataFrame(
        {
            "severity": pd.Series([row.severity.value for row in rows], dtype=weights),
            "code": _words(row.code for row in rows),
            "message": _text(row.message for row in rows),
            "event_source": _text(row.event_source for row in rows),
            "event_name": _text(row.event_name for row in rows),
            "count": _numbers(row.count for row in rows),
            "events": pd.Series([row.events for row in rows], dtype="object"),
        }
    )


def accounting(trace: Trace) -> pd.Series[int]:
    """How many records ended in each bin of the accounting: Int64, by the bin's name; what is empty is left out."""
    bins = {bin_.name: getattr(trace.accounting, bin_.name) for bin_ in fields(trace.accounting)}
    filled = {name: number for name, number in bins.items() if number}
    return pd.Series(list(filled.values()), index=list(filled), dtype="Int64", name="records")


def calls_over_time(calls: pd.DataFrame, every: str = "15s", services: int = 8) -> pd.DataFrame:
    """How many calls there were in each stretch of time, by service.

    Args:
        calls: what `records` gives.
        every: how long a stretch is, as pandas says it: `15s`, `1min`.
        services: how many have a column of their own, the busiest ones; the rest is in `others`.

    Returns:
        Int64 calls; the index is each stretch's start, a column is a service, the busiest first.
    """
    names = calls["service"].astype("string")
    busiest = list(names.value_counts().index[:services])
    grouped = calls.assign(service=names.where(names.isin(busiest), _OTHERS)).groupby(
        [pd.Grouper(key="time", freq=every), "service"]
    )
    table = grouped.size().unstack(fill_value=0).asfreq(every, fill_value=0).astype("Int64")
    return table[[name for name in [*busiest, _OTHERS] if name in table]]


def bursts(calls: pd.DataFrame, pause: str = "1min") -> pd.DataFrame:
    """The runs that a log holds, where nothing but their pauses tells them apart.

    Args:
        calls: what `records` gives, of one caller.
        pause: how long nothing must happen between two runs.

    Returns:
        One row a run, in the order of time: `since` and `until` (datetime64[s, UTC], half-open, as a time window is),
        and `calls` (Int64).
    """
    number = (calls["time"].diff() > pd.Timedelta(pause)).cumsum().rename("run")
    times = calls["time"].groupby(number)
    until = times.max() + timedelta(seconds=1)
    return pd.DataFrame({"since": times.min(), "until": until, "calls": times.size().astype("Int64")})


def coverage(draft: Shared) -> pd.DataFrame:
    """How much of what the deployer needed the baseline had, into whose policy alone it is merged: a row a service.

    Columns:
        service: string.
        needed: Int64, distinct pairs of action and resource.
        in_baseline, added: Int64, those that the baseline allows, and the others.
        share: Float64 from 0 to 1, in_baseline of needed.
    """
    merged = [share.merged for share in draft.shares if share.section is Section.DEPLOYER]
    rows = [row for each in merged for row in _covered(each)]
    table = pd.DataFrame(rows, columns=["service", "needed", "in_baseline", "added"])
    table = table.astype({"service": "string", "needed": "Int64", "in_baseline": "Int64", "added": "Int64"})
    return table.assign(share=(table["in_baseline"] / table["needed"]).astype("Float64"))


def policy_size(policies: Iterable[Policy]) -> pd.DataFrame:
    """What makes a policy large: one row for each document and service.

    Columns:
        document: Int64, its place among `policies`, from 0.
        service: string; `several` for statements of several services, `(document)` for what stands around statements.
        statements: Int64.
        characters: Int64, as IAM counts them against its quotas, white space left out; a document's rows add up to its
            `Policy.size`.
    """
    rows = [(number, *row) for number, policy in enumerate(policies) for row in _sizes(policy)]
    table = pd.DataFrame(rows, columns=["document", "service", "statements", "characters"])
    return table.astype({"document": "Int64", "service": "string", "statements": "Int64", "characters": "Int64"})


def changes(before: Trace, after: Trace) -> pd.DataFrame:
    """How the permissions of two runs differ: one row for each that one of them needed.

    Columns:
        section, principal, service, action, resource: string.
        before, after: Int64, records behind it; missing where the run did not need it, 0 where it is inferred.
        change: category, ordered: removed, kept, added.
    """
    keys = ["section", "principal", "service", "action", "resource"]
    one, other = (
        permissions(side).groupby(keys)["count"].sum().rename(name).reset_index()
        for side, name in ((before, "before"), (after, "after"))
    )
    table: pd.DataFrame = one.merge(other, on=keys, how="outer", indicator="change")
    named = {"left_only": "removed", "both": "kept", "right_only": "added"}
    ordered = pd.CategoricalDtype(list(named.values()), ordered=True)
    table["change"] = table["change"].astype("string").map(named).astype(ordered)
    return table.sort_values(keys, ignore_index=True)


def stages(
    before: tuple[pd.DataFrame, Trace, Iterable[Policy]], after: tuple[pd.DataFrame, Trace, Iterable[Policy]]
) -> pd.DataFrame:
    """In which stage two runs begin to differ.

    Args:
        before: a run: its `records`, its trace and its policies.
        after: the other.

    Returns:
        One row a stage: `collect` (distinct calls: service and event), `reduce` (permissions: section, action and
        resource) and `emit` (grants: action and resource of the policies' Allows). `before` and `after` count them,
        `only_before` and `only_after` those that the other run has not (Int64); `differs` is boolean.
    """
    rows = [
        (stage, len(one), len(other), len(one - other), len(other - one), one != other)
        for (stage, one), (_, other) in zip(_said(*before), _said(*after), strict=True)
    ]
    table = pd.DataFrame(rows, columns=["stage", "before", "after", "only_before", "only_after", "differs"])
    numbers = dict.fromkeys(("before", "after", "only_before", "only_after"), "Int64")
    return table.set_index("stage").astype({**numbers, "differs": "boolean"})


def draw_calls(calls: pd.DataFrame, title: str, every: str = "15s") -> Axes:
    """A picture of `calls_over_time`. Needs matplotlib, of the extra `notebooks`."""
    from matplotlib.dates import ConciseDateFormatter
    from matplotlib.ticker import MaxNLocator

    table = calls_over_time(calls, every)
    table.loc[table.index[-1] + pd.Timedelta(every)] = 0  # where the last stretch ends
    names = [str(name) for name in table]
    axes = _axes(title, height=3.5)
    axes.stackplot(
        table.index.to_numpy(), table.to_numpy(dtype=int).T, labels=names, colors=_colours(names), step="post"
    )
    axes.set(ylabel=f"calls in {every}", xlabel="UTC")
    dates = ConciseDateFormatter(axes.xaxis.get_major_locator())  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(dates)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(x=0)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, reverse=True)
    return axes


def draw_bars(table: pd.DataFrame, title: str, unit: str) -> Axes:
    """A picture of a table of numbers: a bar a row, the longest at the top, a colour a column. Needs matplotlib, of the
    extra `notebooks`.

    Args:
        table: the numbers; the index names the bars.
        title: what stands above.
        unit: what is counted.
    """
    numbers = table.fillna(0).astype(int)
    numbers = numbers.loc[numbers.sum(axis="columns").sort_values(kind="stable").index]
    rows, columns = [str(name) for name in numbers.index], [str(name) for name in numbers]
    legible = numbers.to_numpy().sum(axis=1).max(initial=0) / _LEGIBLE
    axes = _axes(title, height=1 + 0.3 * len(rows))
    reached = np.zeros(len(rows))
    for column, values, colour in zip(columns, numbers.to_numpy().T, _colours(columns), strict=True):
        bars = axes.barh(rows, values, left=reached, label=column, color=colour)
        inside = [f"{value:,}" if len(columns) > 1 and value > legible else "" for value in values]
        axes.bar_label(bars, inside, label_type="center", color="white", fontsize=8)
        reached += values
    axes.bar_label(bars, [f"{int(value):,}" for value in reached], padding=3, fontsize=8)
    axes.set(xlabel=unit)
    if len(columns) > 1:
        axes.legend(loc="lower right", frameon=False)
    return axes


def _axes(title: str, height: float) -> Axes:
    from matplotlib import pyplot

    _, axes = pyplot.subplots(figsize=(9, height), layout="constrained")
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _colours(names: Sequence[str]) -> list[str]:
    """A colour a column; what is left over is grey."""
    return [_GREY if name == _OTHERS else _COLOURS[number % len(_COLOURS)] for number, name in enumerate(names)]


def _said(calls: pd.DataFrame, trace: Trace, policies: Iterable[Policy]) -> Iterator[tuple[str, set[Hashable]]]:
    """What each stage gave, as things that can be compared."""
    yield "collect", set(zip(calls["service"], calls["event_name"], strict=True))
    lines = [used.permission for used in trace.permissions]
    yield "reduce", {(line.section, line.action.text, line.resource.text) for line in lines}
    allows = [line for policy in policies for line in policy.statements if line.effect == "Allow"]
    yield "emit", {(action, resource) for line in allows for action in line.actions for resource in line.resources}


def _covered(merged: Merged) -> Iterator[tuple[str, int, int, int]]:
    already, added = _by_service(merged.already), _by_service(merged.added)
    for service in sorted({*already, *added}):
        had, new = len(already.get(service, ())), len(added.get(service, ()))
        yield service, had + new, had, new


def _by_service(used: Iterable[UsedPermission]) -> dict[str, set[tuple[str, str]]]:
    """What a policy says of them: conditions and how they are known apart, each once."""
    found: dict[str, set[tuple[str, str]]] = {}
    for line in (item.permission for item in used):
        found.setdefault(line.action.service, set()).add((line.action.text, line.resource.text))
    return found


def _sizes(policy: Policy) -> list[tuple[str, int, int]]:
    sizes: dict[str, list[int]] = {}
    for statement in policy.statements:
        sizes.setdefault(_service_of(statement), []).append(len(json_text(statement.to_json())))
    inside = sum(sum(each) for each in sizes.values())
    rows = [(service, len(each), sum(each)) for service, each in sorted(sizes.items())]
    return [*rows, (_DOCUMENT, 0, policy.size - inside)]


def _service_of(statement: Statement) -> str:
    services = {action.partition(":")[0].lower() for action in statement.actions + statement.not_actions}
    return services.pop() if len(services) == 1 else _SEVERAL


def _service(row: Denial) -> str | None:
    return None if row.action is None else row.action.partition(":")[0]


def _evidence(evidence: Sequence[Evidence]) -> dict[str, pd.Series]:
    return {
        "count": _numbers(each.count for each in evidence),
        "first": _times(each.first for each in evidence),
        "last": _times(each.last for each in evidence),
        "events": pd.Series([each.events for each in evidence], dtype="object"),
    }


def _text(values: Iterable[str | None]) -> pd.Series[str]:
    return pd.Series(list(values), dtype="string")


def _words(values: Iterable[str | None]) -> pd.Series[pd.CategoricalDtype[str]]:
    return _text(values).astype("category")


def _numbers(values: Iterable[int]) -> pd.Series[int]:
    return pd.Series(list(values), dtype="Int64")


def _times(values: Iterable[str | None]) -> pd.Series[pd.Timestamp]:
    """Of times as a trace has them: no log is bound to years of four digits, and the first ones are written short."""
    texts = ["NaT" if value is None else value.removesuffix("Z").zfill(_TIME_LENGTH) for value in values]
    return pd.Series(np.array(texts, dtype="datetime64[s]")).dt.tz_localize("UTC")

"""What the mapper makes of every operation of botocore, as a report that is reviewed by its diff.

In come the calls of `sdk.calls`, out come one `Outcome` an operation and the text of `report.json`: one line a service,
and every operation that does not map, with the reason. `sample` draws those that are judged by hand. After a change of
the data, or of botocore, write the report anew, and read its diff:

    cd tests && python -m sdk.survey
"""

from __future__ import annotations

import functools
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import botocore
from sdk import calls
from sdk.calls import Operation

from tracer.model.permission import Basis
from tracer.model.record import Record
from tracer.reduce.actions import NoPermission, Unknown
from tracer.reduce.inventory import Inventory
from tracer.reduce.mapping import Mapped, map_record
from tracer.reduce.parse import parse
from tracer.reference import overrides, table

HERE: Final = Path(__file__).parent
REPORT: Final = HERE / "report.json"
SAMPLE: Final = HERE / "sample.json"

SEED: Final = 20261103
SAMPLE_SIZE: Final = 200

BY_QUERY: Final = "which action depends on the query's text"
NAMED_BY_ITS_PAGE: Final = "its page names the action, AWS's table does not have it yet"
NO_SERVICE: Final = "AWS's table does not have the service"
NO_ACTION: Final = "AWS's table does not have the action"
WITHDRAWN: Final = "AWS withdrew the service, and its table no longer has it"

_REASONS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    BY_QUERY: {
        "neptune-graph": ("ExecuteQuery",),
        "neptunedata": ("ExecuteGremlinExplainQuery", "ExecuteGremlinQuery", "ExecuteOpenCypherQuery"),
        "timestream-query": ("Query",),
    },
    WITHDRAWN: {"applicationcostprofiler": (), "cloudhsm": (), "iotthingsgraph": ()},
}
"""Reasons that the names alone do not tell, by botocore's service; no operation means all of them. Neptune's and
Timestream's actions are told apart by what a query does
(https://docs.aws.amazon.com/neptune/latest/userguide/iam-data-access-policies.html). Of CloudHSM it is the first
version, "AWS CloudHSM Classic" (botocore)."""


@dataclass(frozen=True)
class Outcome:
    """What became of one operation.

    Attributes:
        operation: which.
        results: what the mapper says, by event source and event name.
        actions: the call's own actions, the same under each of its names; () for none needed, None for unmapped.
        reason: why it is unmapped.
    """

    operation: Operation
    results: Mapping[tuple[str, str], Mapped | NoPermission | Unknown]
    actions: tuple[str, ...] | None
    reason: str | None = None


@functools.cache
def outcomes() -> tuple[Outcome, ...]:
    """Every operation of every service, by service and name."""
    return tuple(_outcome(operation, model) for operation, model in calls.operations())


def _outcome(operation: Operation, model: Mapping[str, Any]) -> Outcome:
    record = parse(calls.raw(operation, model))
    assert isinstance(record, Record)
    results = {
        (source, event): map_record(
            replace(record, event_source=f"{source}.amazonaws.com", event_name=event), Inventory()
        )
        for source in operation.sources
        for event in operation.events
    }
    actions = {_actions(result) for result in results.values()}
    if len(actions) == 1 and None not in actions:
        return Outcome(operation, results, actions.pop())
    reason = _reason(operation, model) if None in actions else f"its names lead to different actions: {actions}"
    return Outcome(operation, results, None, reason)


def _actions(result: Mapped | NoPermission | Unknown) -> tuple[str, ...] | None:
    if isinstance(result, Unknown):
        return None
    if isinstance(result, NoPermission):
        return ()
    return tuple(sorted({check.action.text for check in result.checks if check.basis is Basis.OBSERVED}))


def _reason(operation: Operation, model: Mapping[str, Any]) -> str:
    for reason, services in _REASONS.items():
        names = services.get(operation.service)
        if names is not None and (not names or operation.name in names):
            return reason
    prefixes = {prefix for source in operation.sources for prefix in overrides.prefixes(source)}
    documentation = model["operations"][operation.name].get("documentation", "")
    if re.search(rf"\b(?:{'|'.join(sorted(prefixes))}):{operation.name}\b", documentation):
        return NAMED_BY_ITS_PAGE
    return NO_ACTION if any(map(table.service, prefixes)) else NO_SERVICE


def report() -> str:
    """The report's text."""
    every = outcomes()
    services: defaultdict[str, list[Outcome]] = defaultdict(list)
    unmapped: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for outcome in every:
        services[outcome.operation.service].append(outcome)
        if outcome.reason:
            unmapped[outcome.reason][outcome.operation.service].append(outcome.operation.name)
    head = {"botocore": botocore.__version__, "table": table.data_date().isoformat(), "all": _counts(every)}
    return (
        _lines(
            **head,
            services={name: _counts(found) for name, found in services.items()},
            unmapped={reason: dict(sorted(found.items())) for reason, found in sorted(unmapped.items())},
        )
        + "\n"
    )


def _counts(found: Iterable[Outcome]) -> dict[str, Any]:
    actions = [outcome.actions for outcome in found]
    none, unmapped = actions.count(()), actions.count(None)
    return {
        "operations": len(actions),
        "to_an_action": len(actions) - none - unmapped,
        "to_none": none,
        "unmapped": unmapped,
        "share": f"{(len(actions) - unmapped) / len(actions):.2%}",
    }


def _lines(depth: int = 0, **fields: Any) -> str:  # noqa: ANN401 - what JSON holds
    """JSON with one line a service."""
    pad = " " * (depth + 1)
    parts = []
    for name, value in fields.items():
        nested = isinstance(value, dict) and any(isinstance(item, dict) for item in value.values())
        listed = isinstance(value, dict) and all(isinstance(item, list) for item in value.values())
        text = _lines(depth + 1, **value) if nested or listed else json.dumps(value)
        parts.append(f"{pad}{json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n" + " " * depth + "}"


def sample() -> tuple[Outcome, ...]:
    """The operations that are judged by hand, of those whose action is not `endpoint:Operation`: two thirds where the
    names differ, which is where a mapping can be wrong, one third where the prefix alone does.

    Each draws a number of its own, and the lowest count, so that one operation more or less moves one place and not
    all of them.
    """
    names = [outcome for outcome in outcomes() if outcome.actions is not None and not _by_name(outcome)]
    prefixes = [outcome for outcome in outcomes() if _by_name(outcome) and not _by_prefix(outcome)]
    drawn = _lowest(names, SAMPLE_SIZE * 2 // 3) + _lowest(prefixes, SAMPLE_SIZE - SAMPLE_SIZE * 2 // 3)
    return tuple(sorted(drawn, key=lambda outcome: (outcome.operation.service, outcome.operation.name)))


def _by_name(outcome: Outcome) -> bool:
    """Whether the call's only action has the operation's name."""
    return [action.partition(":")[2] for action in outcome.actions or ()] == [outcome.operation.name]


def _by_prefix(outcome: Outcome) -> bool:
    return {action.partition(":")[0] for action in outcome.actions or ()} == {outcome.operation.sources[0]}


def _lowest(found: list[Outcome], count: int) -> list[Outcome]:
    return sorted(found, key=lambda outcome: _draw(outcome.operation))[:count]


def _draw(operation: Operation) -> float:
    return random.Random(f"{SEED} {operation.service} {operation.name}").random()  # noqa: S311 - reproducible on purpose


if __name__ == "__main__":
    REPORT.write_text(report(), encoding="utf-8")

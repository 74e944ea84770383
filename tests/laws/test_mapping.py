"""What is worked out once for all calls of an event does not depend on the call for which it was."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from random import Random
from typing import Any

from case_support import cases
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tracer.model.record import Record
from tracer.reduce import actions, implied, keys, plan
from tracer.reduce.inventory import Inventory
from tracer.reduce.mapping import Mapped, map_record
from tracer.reduce.parse import parse
from tracer.reference import implied_rules

MEMOS = (
    plan.plans_of,
    keys.keys_of_variable,
    actions._by_rule,
    actions._by_rows,
    implied._formats,
    implied_rules.for_event,
)


@functools.cache
def calls() -> Sequence[Record]:
    """The calls of the cases; each also without its parameters, and with its name in lower case."""
    raws: list[dict[str, Any]] = []
    for case in cases():
        raw = case.record
        raws += [raw, raw | {"requestParameters": None}, raw | {"eventName": raw["eventName"].lower()}]
    return [record for record in map(parse, raws) if isinstance(record, Record)]


def forget() -> None:
    for memo in MEMOS:
        memo.cache_clear()


def mapped(record: Record) -> object:
    inventory = Inventory()
    found = map_record(record, inventory)
    return found if isinstance(found, Mapped) else (type(found), getattr(found, "reason", "")), inventory.lacks


@functools.cache
def alone() -> Sequence[object]:
    """What each call needs where nothing was worked out before."""
    found = []
    for record in calls():
        forget()
        found.append(mapped(record))
    return found


@settings(max_examples=3, phases=[Phase.generate])
@given(st.integers())
def test_what_a_call_needs_does_not_depend_on_the_calls_before_it(seed: int):
    order = list(range(len(calls())))
    Random(seed).shuffle(order)  # noqa: S311
    forget()
    for place in order:
        assert mapped(calls()[place]) == alone()[place], calls()[place]

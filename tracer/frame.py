"""Traces as pandas tables, for notebooks: the one module that imports pandas."""

from __future__ import annotations

import pandas as pd

from tracer.model.trace import Trace


def permissions(trace: Trace) -> pd.DataFrame:
    """One row a permission of the trace, in its order.

    Columns:
        section, principal, action, resource, basis: strings (`Permission`); `service` is the action's prefix.
        rule, via: strings, missing where there is none.
        conditions: the Condition block as a dictionary; empty where there is none.
        count: int64, records behind it; 0 where it is inferred.
        first, last: datetime64[ns, UTC], whole seconds; NaT where it is inferred.
        events: tuples of eventIDs, the first ones.
        widened: tuples of `Widening`.
    """
    table = pd.DataFrame(
        {
            "section": pd.Series([used.permission.section.value for used in trace.permissions], dtype="string"),
            "principal": pd.Series([used.permission.principal for used in trace.permissions], dtype="string"),
            "service": pd.Series([used.permission.action.service for used in trace.permissions], dtype="string"),
            "action": pd.Series([used.permission.action.text for used in trace.permissions], dtype="string"),
            "resource": pd.Series([used.permission.resource.text for used in trace.permissions], dtype="string"),
            "basis": pd.Series([used.permission.basis.value for used in trace.permissions], dtype="string"),
            "rule": pd.Series([used.permission.rule for used in trace.permissions], dtype="string"),
            "via": pd.Series([used.permission.via for used in trace.permissions], dtype="string"),
            "conditions": [used.permission.conditions.to_json() for used in trace.permissions],
            "count": pd.Series([used.evidence.count for used in trace.permissions], dtype="int64"),
            "first": pd.to_datetime(pd.Series([used.evidence.first for used in trace.permissions]), utc=True),
            "last": pd.to_datetime(pd.Series([used.evidence.last for used in trace.permissions]), utc=True),
            "events": [used.evidence.events for used in trace.permissions],
            "widened": [used.widened for used in trace.permissions],
        }
    )
    return table.astype({"first": "datetime64[ns, UTC]", "last": "datetime64[ns, UTC]"})

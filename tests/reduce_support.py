"""What the tests of reduce share: a trace made of records, and what it says of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tracer import reduce
from tracer.model.permission import ResourcesMode, Section
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun, TraceOptions
from tracer.model.trace import Trace
from tracer.reduce.request import told

DEPLOYER = "arn:aws:iam::123456789012:user/deployer"
"""The caller of `support.record`."""


def trace_of(*records: RawRecord, run: DeployRun | None = None, **options: Any) -> Trace:  # noqa: ANN401 - any option
    """The trace of `records`, with exact resources and nothing inferred unless said otherwise."""
    chosen = TraceOptions(**{"resources": ResourcesMode.EXACT, "inferred": False} | options)
    return reduce.reduce_records(lambda: records, run or DeployRun(), chosen)


def asked_for(*principals: str, **fields: Any) -> DeployRun:  # noqa: ANN401 - any field of a run
    return DeployRun(principals=principals or (DEPLOYER,), **fields)


def bins(trace: Trace) -> dict[str, int]:
    """The bins that hold records."""
    return {name: count for name, count in trace.accounting.to_json().items() if count and name != "read"}


def actions_of(trace: Trace, section: Section = Section.DEPLOYER) -> set[str]:
    """The actions in a section."""
    return {used.permission.action.text for used in trace.permissions if used.permission.section is section}


def sections_of(trace: Trace) -> dict[str, str]:
    """Each principal's section."""
    return {used.permission.principal: used.permission.section.value for used in trace.permissions}


def codes(trace: Trace) -> list[str]:
    return [finding.code for finding in trace.findings]


def raw_id(raw: Mapping[str, Any]) -> str:
    return raw["eventID"]


def otherwise(request: Mapping[str, Any], read: Collection[str] | None) -> dict[str, Any]:
    """A request of which all that nobody reads is said in another way, and more of the kind."""
    return {"noise": "aloud"} | {
        key: value if told({key: value}, read) != "{}" else f"not {value}" for key, value in request.items()
    }

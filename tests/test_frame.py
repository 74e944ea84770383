"""The tables: their columns and kinds, as the docstrings have them, and what the notebooks ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from strategies import traces

import tracer
from tracer import demo, frame
from tracer.emit.draft import Draft
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.permission import Basis, Evidence, Permission, Section, UsedPermission
from tracer.model.policy import Policy, Statement
from tracer.model.record import Record, UserIdentity
from tracer.model.trace import Accounting, Denial, Trace

DEPLOYER = "arn:aws:iam::123456789012:user/deployer"
START = datetime(2026, 11, 24, 8, tzinfo=UTC)


def call(second: int = 0, service: str = "s3", name: str = "CreateBucket", **fields) -> Record:
    values = {
        "event_id": f"{service}-{name}-{second}",
        "event_time": START + timedelta(seconds=second),
        "event_source": f"{service}.amazonaws.com",
        "event_name": name,
        "event_type": "AwsApiCall",
        "aws_region": "us-east-1",
        "user_identity": UserIdentity(arn=DEPLOYER, account_id="123456789012"),
    }
    return Record(**values | fields)


def used(action: str, resource: str = "*", count: int = 1, section: Section = Section.DEPLOYER) -> UsedPermission:
    permission = Permission(section, DEPLOYER, Action(action), ArnPattern(resource))
    return UsedPermission(permission, Evidence(count, "2026-11-24T08:00:01Z", "2026-11-24T08:00:09Z", ("e",)))


INFERRED = UsedPermission(
    Permission(Section.DEPLOYER, DEPLOYER, Action("s3:GetObject"), ArnPattern("*"), basis=Basis.INFERRED), Evidence()
)
SEEN = Evidence(1, "2026-11-24T08:00:01Z", "2026-11-24T08:00:01Z", ("e",))
TRACE = Trace(
    permissions=(used("s3:CreateBucket", count=2), INFERRED),
    denied=(
        Denial(
            DEPLOYER,
            "ecr:Get",
            "arn:x",
            "AccessDenied",
            "identity-based",
            "message",
            Evidence(1, "2026-11-24T08:00:01Z", None, ("e",)),
        ),
        Denial(DEPLOYER, None, None, "AccessDenied", None, "request"),
    ),
    findings=(Finding("UNKNOWN_ACTION", "look", "x.amazonaws.com", "Y", 3, ("a", "b")), Finding("COVERAGE_GAP", "gap")),
    accounting=Accounting(other_principal=4, used=2),
)
TABLES = {
    "records": lambda: frame.records([call(1, user_agent="x", error_code="NoSuchBucket"), call(0)]),
    "permissions": lambda: frame.permissions(TRACE),
    "denied": lambda: frame.denied(TRACE),
    "findings": lambda: frame.findings(TRACE),
}
EMPTY = {
    "records": lambda: frame.records([]),
    "permissions": lambda: frame.permissions(Trace()),
    "denied": lambda: frame.denied(Trace()),
    "findings": lambda: frame.findings(Trace()),
}
COLUMNS = re.compile(r"^        ([a-z_, ]+): (string|category|Int64|datetime64\[s, UTC\])?", re.MULTILINE)
"""In a docstring: names, and their kind; what is documented in words is an object."""


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("made", [TABLES, EMPTY], ids=["filled", "empty"])
def test_a_table_has_the_columns_and_kinds_of_its_docstring(name: str, made):
    found = COLUMNS.findall(getattr(frame, name).__doc__)
    documented = {column: kind or "object" for columns, kind in found for column in columns.split(", ")}
    assert {column: str(kind) for column, kind in made[name]().dtypes.items()} == documented


def test_records_are_in_order_and_once():
    table = frame.records([call(5), call(0), call(5, user_agent="again")])
    assert list(table["time"]) == [pd.Timestamp(START), pd.Timestamp(START + timedelta(seconds=5))]
    assert table["error"].isna().all()


def test_what_is_missing_is_missing():
    table = frame.permissions(TRACE)
    assert list(table["count"]) == [2, 0]
    assert table["first"].isna().tolist() == [False, True]
    denied = frame.denied(TRACE)
    assert denied["service"].fillna("?").tolist() == ["ecr", "?"]
    assert denied["resource"].isna().tolist() == [False, True]


def test_findings_are_ordered_by_weight():
    table = frame.findings(TRACE).sort_values("severity")
    assert table["code"].tolist() == ["UNKNOWN_ACTION", "COVERAGE_GAP"]
    assert (table["severity"] < "note").tolist() == [True, False]


def test_the_accounting_leaves_out_what_is_empty():
    assert frame.accounting(TRACE).to_dict() == {"other_principal": 4, "used": 2}


def test_a_log_may_tell_of_any_year():
    calls = [call(event_id=str(year), event_time=datetime(year, 12, 31, tzinfo=UTC)) for year in (1, 9999)]
    assert frame.records(calls)["time"].dt.year.tolist() == [1, 9999]


@settings(max_examples=25)
@given(traces)
def test_every_line_of_a_trace_is_a_row(trace: Trace):
    assert len(frame.permissions(trace)) == len(trace.permissions)
    assert len(frame.denied(trace)) == len(trace.denied)
    assert len(frame.findings(trace)) == len(trace.findings)


# --- What notebooks ask -----------------------------------------------------------------------------------------------


def test_calls_over_time():
    calls = frame.records([call(0), call(1), call(40, "iam"), call(41, "iam"), call(42, "iam"), call(2, "sts")])
    table = frame.calls_over_time(calls, every="15s", services=2)
    assert table.columns.tolist() == ["iam", "s3", "others"]
    assert table.index.tolist() == [pd.Timestamp(START + timedelta(seconds=second)) for second in (0, 15, 30)]
    assert table.to_numpy().tolist() == [[0, 2, 1], [0, 0, 0], [3, 0, 0]]
    assert set(table.dtypes.astype(str)) == {"Int64"}


def test_bursts_are_parted_by_pauses():
    table = frame.bursts(frame.records([call(second) for second in (0, 30, 59, 120, 121)]), pause="1min")
    assert table["calls"].tolist() == [3, 2]
    assert table["since"].tolist() == [pd.Timestamp(START), pd.Timestamp(START + timedelta(seconds=120))]
    assert table["until"].tolist()[0] == pd.Timestamp(START + timedelta(seconds=60))


@dataclass
class Merged:
    already: tuple[UsedPermission, ...]
    added: tuple[UsedPermission, ...]


@dataclass
class Share:
    section: Section
    merged: Merged


def test_coverage_is_of_the_deployer_and_counts_each_pair_once():
    deployer = Merged((used("s3:CreateBucket", count=9), used("s3:CreateBucket"), used("iam:GetRole")), (used("s3:X"),))
    draft = type("Drafted", (), {"shares": [Share(Section.DEPLOYER, deployer), Share(Section.FUNCTION, deployer)]})
    table = frame.coverage(draft)
    assert table["service"].tolist() == ["iam", "s3"]
    assert table[["needed", "in_baseline", "added"]].to_numpy().tolist() == [[1, 1, 0], [2, 1, 1]]
    assert table["share"].tolist() == [1.0, 0.5]


def test_a_policy_s_characters_add_up():
    policies = [
        Policy((Statement(actions=("s3:Get*", "S3:Put*"), resources=("*",)), Statement(actions=("s3:X", "iam:Y")))),
        Policy(),
    ]
    table = frame.policy_size(policies)
    assert table[["document", "service", "statements"]].to_numpy().tolist() == [
        [0, "s3", 1],
        [0, "several", 1],
        [0, "(document)", 0],
        [1, "(document)", 0],
    ]
    assert table.groupby("document")["characters"].sum().tolist() == [policy.size for policy in policies]


def test_changes_between_two_runs():
    before = Trace(permissions=(used("s3:A", count=2), used("s3:B"), INFERRED))
    after = Trace(permissions=(used("s3:A"), used("s3:A", section=Section.FUNCTION), used("iam:C"), INFERRED))
    table = frame.changes(before, after)
    shown = table[["section", "action", "before", "after", "change"]].astype("object").where(table.notna(), None)
    assert shown.to_numpy().tolist() == [
        ["deployer", "iam:C", None, 1, "added"],
        ["deployer", "s3:A", 2, 1, "kept"],
        ["deployer", "s3:B", 1, None, "removed"],
        ["deployer", "s3:GetObject", 0, 0, "kept"],
        ["function", "s3:A", None, 1, "added"],
    ]
    assert str(table["before"].dtype) == "Int64"
    assert list(table["change"].cat.categories) == ["removed", "kept", "added"]


def test_the_stage_that_differs():
    calls = frame.records([call(0)])
    policy = Policy((Statement(actions=("s3:A",), resources=("*",)), Statement("Deny", ("s3:B",), ("*",))))
    same = frame.stages((calls, TRACE, [policy]), (frame.records([call(7)]), TRACE, [policy]))
    assert same["differs"].tolist() == [False, False, False]
    assert same["before"].tolist() == [1, 2, 1]
    other = frame.stages((calls, TRACE, [policy]), (calls, Trace(permissions=(used("s3:Z"),)), [Policy()]))
    assert other["differs"].tolist() == [False, True, True]
    assert other[["only_before", "only_after"]].to_numpy().tolist() == [[0, 0], [2, 1], [1, 0]]


# --- Pictures ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def drawing() -> Iterator[None]:
    """Without a window; what was drawn is thrown away."""
    from matplotlib import pyplot

    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


@pytest.mark.usefixtures("drawing")
def test_bars_are_drawn_the_longest_at_the_top():
    table = pd.DataFrame({"had": [1, 5, None], "new": [1, 1000, 2]}, index=["s3", "iam", "sts"]).astype("Int64")
    axes = frame.draw_bars(table, "Needed", "permissions")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["s3", "sts", "iam"]
    assert [bar.get_width() for bar in axes.patches] == [1, 0, 5, 1, 2, 1000]
    assert [text.get_text() for text in axes.texts if text.get_text()] == ["1,000", "2", "2", "1,005"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["had", "new"]
    assert frame.draw_bars(table[["had"]], "", "").get_legend() is None


@pytest.mark.usefixtures("drawing")
def test_calls_are_drawn_to_their_end():
    calls = frame.records([call(0), call(20), call(3, "iam")])
    axes = frame.draw_calls(calls, "Calls", every="15s")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["iam", "s3"]
    first, last = axes.get_xlim()
    assert (last - first) * 24 * 3600 == pytest.approx(30)


@pytest.fixture(scope="module")
def drafted() -> tuple[pd.DataFrame, Trace, Draft]:
    with demo.records_path() as logs:
        calls = frame.records(tracer.records(logs, principal=demo.PRINCIPAL, region=demo.REGION))
        trace = tracer.trace(logs, principal=demo.PRINCIPAL, region=demo.REGION)
    return calls, trace, tracer.draft(trace, service=demo.SERVICE, stage=demo.STAGE, region=demo.REGION)


def test_the_demo_in_tables(drafted: tuple[pd.DataFrame, Trace, Draft]):
    calls, trace, draft = drafted
    assert len(calls) >= trace.accounting.selected > len(calls[calls["caller"] == demo.PRINCIPAL]) > 0
    assert len(frame.findings(draft)) == len(draft.findings) > len(trace.findings)
    sizes = frame.policy_size(draft.policies).groupby("document")["characters"].sum()
    assert sizes.tolist() == [policy.size for policy in draft.policies]
    deployer = trace.to_frame().query("section == 'deployer'")
    assert frame.coverage(draft)["needed"].sum() == len(deployer[["action", "resource"]].drop_duplicates())

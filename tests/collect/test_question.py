"""What a query asks for, by the records that it lets through in a real SQL engine, and how values are quoted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
import sqlglot
from athena_engine import DATABASE, DIALECT, Engine
from hypothesis import given
from hypothesis import strategies as st
from support import assumed_role, aws_service, iam_user, record, root, write_trail

from tracer.collect.question import Condition, accounts_of, every, literal, needed, regions_of, size, waits
from tracer.model.run import DeployRun, TimeWindow

DEPLOYER: Final = iam_user()["arn"]
SINCE: Final = datetime(2026, 11, 24, 8, tzinfo=UTC)
WINDOW: Final = TimeWindow(SINCE, SINCE + timedelta(hours=1))

DUCK: Final = duckdb.connect()

HOSTILE: Final = ["'", "''", "\\'", "x' OR 1=1 --", "?", "%", "a\nb", "\u2019", "'; DROP TABLE logs; --", "<condition>"]


def at(minutes: int) -> str:
    return f"{SINCE + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


S3: Final = "s3.amazonaws.com"

RECORDS: Final[dict[str, dict[str, Any]]] = {
    "own": record("CreateBucket", S3),
    "first-second": record("First", S3, eventTime=at(0)),
    "last-second": record("Last", S3, eventTime="2026-11-24T08:59:59Z"),
    "at-until": record("Until", S3, eventTime=at(60)),
    "before": record("Before", S3, eventTime=at(-1)),
    "another-user": record("CreateUserThing", S3, user=iam_user("other")),
    "the-root": record("RootThing", S3, user=root()),
    "a-session": record("SessionThing", S3, user=assumed_role()),
    "another-region": record("Elsewhere", S3, awsRegion="ap-south-1"),
    "another-account": record("Foreign", S3, user=assumed_role(account="999999999999")),
    "a-service": record("ForItself", S3, user=aws_service()),
    "no-type": record("Typeless", S3, user={"accountId": "123456789012", "invokedBy": "x.amazonaws.com"}),
    "assume-role-before": record("AssumeRole", "sts.amazonaws.com", eventTime=at(-11 * 60)),
    "assume-role-elsewhere": record("AssumeRole", "sts.amazonaws.com", awsRegion="ap-south-1", eventTime=at(5)),
    "assume-role-too-early": record("AssumeRole", "sts.amazonaws.com", eventTime=at(-13 * 60)),
}
"""By what each is; without more said: the deployer's, at the window's first second, in us-east-1."""

ALWAYS: Final = {"own", "first-second", "last-second", "a-session", "no-type"}
CONTEXT: Final = {"assume-role-before", "assume-role-elsewhere"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder: Path = tmp_path_factory.mktemp("trail")
    write_trail(folder, RECORDS.values())
    made = Engine()
    made.add("logs", folder, ())
    return made


def let_through(engine: Engine, run: DeployRun) -> set[str]:
    condition = needed(run, lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}")
    query = f"SELECT eventid FROM {DATABASE}.logs WHERE {condition.sql}"  # noqa: S608 - the values are bound
    _, *rows = engine.run(query, [literal(value) for value in condition.values])
    names = {fields["eventID"]: name for name, fields in RECORDS.items()}
    return {names[row[0]] for row in rows}


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (DeployRun(), RECORDS.keys() - {"a-service"}),
        (
            DeployRun(window=WINDOW),
            ALWAYS | CONTEXT | {"another-user", "the-root", "another-region", "another-account"},
        ),
        (
            DeployRun(principals=(DEPLOYER,), window=WINDOW),
            ALWAYS | CONTEXT | {"another-region", "another-account"},
        ),
        (
            DeployRun(principals=(root()["arn"],), window=WINDOW, accounts=("123456789012",)),
            (ALWAYS - {"own", "first-second", "last-second"}) | CONTEXT | {"the-root"},
        ),
        (
            DeployRun(principals=(DEPLOYER,), window=WINDOW, regions=("us-east-1",)),
            ALWAYS | CONTEXT | {"another-account"},
        ),
        (
            DeployRun(principals=(DEPLOYER,), window=WINDOW, event_sources=("lambda", "dynamodb")),
            CONTEXT,
        ),
        (DeployRun(principals=(DEPLOYER,), window=WINDOW, user_agents=("Terraform",), event_sources=("s3",)), None),
        *((DeployRun(principals=(text,), window=WINDOW, event_sources=(text,)), CONTEXT) for text in HOSTILE),
    ],
    ids=["all", "window", "user", "root", "region", "sources", "user-agent", *map(repr, HOSTILE)],
)
def test_what_may_be_the_run_s_is_let_through(engine: Engine, run: DeployRun, expected: set[str] | None):
    if expected is None:
        # The user agent is not pushed down: whether a call was direct, reduce tells.
        expected = ALWAYS | CONTEXT | {"another-region", "another-account"}
    assert let_through(engine, run) == expected


@given(st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8")))
def test_a_literal_is_its_text_in_the_engine_and_in_trino_s_grammar(text: str):
    assert DUCK.execute(f"SELECT {literal(text)}").fetchone() == (text,)
    parsed = sqlglot.parse_one(f"SELECT {literal(text)}", read=DIALECT).expressions[0]
    assert (parsed.is_string, parsed.this) == (True, text)


@given(st.lists(st.sampled_from(HOSTILE), min_size=1))
def test_quoted_values_stand_where_their_marks_stood(values: list[str]):
    condition = Condition(f"SELECT [{', '.join('?' * len(values))}]", tuple(values))
    assert DUCK.execute(condition.quoted()).fetchone() == (values,)


def test_nothing_asked_is_true():
    assert every([None, None]) == Condition("TRUE")


@pytest.mark.parametrize(
    ("run", "accounts", "regions"),
    [
        (DeployRun(principals=(DEPLOYER,)), (), ()),
        (
            DeployRun(principals=("arn:aws:iam::111111111111:role/ci", "any text"), accounts=("222222222222",)),
            ("111111111111", "222222222222"),
            (),
        ),
        (DeployRun(regions=("eu-west-1",)), (), ("cn-north-1", "eu-west-1", "us-east-1", "us-gov-west-1", "us-west-2")),
    ],
    ids=["all", "accounts", "regions"],
)
def test_where_records_of_the_run_can_be(run: DeployRun, accounts: tuple[str, ...], regions: tuple[str, ...]):
    assert (accounts_of(run), regions_of(run)) == (accounts, regions)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1.5 kB"), (10_485_760, "10.5 MB"), (5 * 10**15, "5000.0 TB")],
)
def test_sizes_are_told(count: int, text: str):
    assert size(count) == text


def test_it_waits_longer_and_longer_but_not_long():
    wait = waits()
    assert [next(wait) for _ in range(6)] == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0]

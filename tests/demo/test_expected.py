"""The expectation agrees with itself and with the recorded calls. test_demo.py compares it with tracer's answer."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tracer import demo

Rows = list[dict[str, Any]]

EXPECTED = Path(__file__).parent / "expected"

NEEDS_NOTHING = {"GetCallerIdentity"}
REFUSED = {"DescribeRepositories"}


def rows(name: str) -> Any:  # noqa: ANN401 - what JSON holds
    return json.loads((EXPECTED / f"{name}.json").read_text(encoding="utf-8"))


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.fixture(scope="module")
def policy():
    return rows("deployer")["Statement"]


@pytest.fixture(scope="module")
def template():
    """The filled template: what stands before the statements that were added."""
    last = max(row["statement"] for row in rows("used_from_baseline"))
    return rows("deployer")["Statement"][:last]


@pytest.fixture(scope="module")
def calls():
    """The names of the deployer's calls, without the dates that Lambda puts behind them."""
    names = set()
    with demo.records_path() as folder:
        for path in folder.rglob("*_CloudTrail_*.json.gz"):
            for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
                if record["userIdentity"].get("arn") == demo.PRINCIPAL:
                    names.add(re.sub(r"20\d{6}(v\d)?$", "", record["eventName"]))
    return names


def test_the_policy_is_the_template_and_what_was_added(policy: Rows, template: Rows):
    granted = {
        (action, resource)
        for statement in policy[len(template) :]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    assert granted == {(row["action"], row["resource"]) for row in rows("added") if not row.get("optional")}


def test_every_action_of_the_template_is_used_or_not(template: Rows):
    told = [(row["statement"], row["action"]) for row in (*rows("used_from_baseline"), *rows("unused_baseline"))]
    there = [(number, action) for number, item in enumerate(template, 1) for action in as_list(item["Action"])]
    assert sorted(told) == sorted(there)


@pytest.mark.parametrize("name", ["added", "function"])
def test_rows_are_sorted_and_distinct(name: str):
    keys = [(row["action"].lower(), row["resource"]) for row in rows(name)]
    assert keys == sorted(set(keys))


def test_every_added_row_names_a_recorded_call(calls: set[str]):
    assert {row["evidence"] for row in rows("added") if not set(words(row["evidence"])) & calls} == set()


def test_every_recorded_call_is_accounted_for(calls: set[str]):
    told = {word for row in rows("added") for word in words(row["evidence"])}
    told |= {word for row in rows("used_from_baseline") for word in words(row["why"])}
    assert calls - told == NEEDS_NOTHING | REFUSED


def test_the_bins_sum_to_the_records_read():
    bins = rows("accounting")
    assert bins["read"] == sum(count for name, count in bins.items() if name != "read")


def words(text: str) -> list[str]:
    return [re.sub(r"20\d{6}(v\d)?$", "", word) for word in re.findall(r"\w+", text)]

"""What was foreseen agrees with itself and with the recorded calls. test_demo.py compares it with tracer's answer."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from foreseen import Foreseen, of_each_run

from tracer import demo

Rows = list[dict[str, Any]]

NEEDS_NOTHING = {"GetCallerIdentity"}
REFUSED = {"DescribeRepositories"}


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.fixture(scope="module", params=of_each_run())
def run(request: pytest.FixtureRequest):
    return request.param


@pytest.fixture(scope="module")
def policy(run: Foreseen):
    return run.foreseen("deployer")["Statement"]


@pytest.fixture(scope="module")
def template(run: Foreseen, policy: Rows):
    """The filled template: what stands before the statements that were added."""
    return policy[: len(run.template)]


@pytest.fixture(scope="module")
def calls(run: Foreseen, tmp_path_factory: pytest.TempPathFactory):
    """The names of the deployer's calls, without the dates that Lambda puts behind them."""
    names = set()
    for path in run.records(tmp_path_factory.mktemp("logs")).rglob("*_CloudTrail_*.json.gz"):
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
            if record["userIdentity"].get("arn") == demo.PRINCIPAL:
                names.add(re.sub(r"20\d{6}(v\d)?$", "", record["eventName"]))
    return names


def test_the_policy_is_the_template_and_what_was_added(run: Foreseen, policy: Rows, template: Rows):
    granted = {
        (action, resource)
        for statement in policy[len(template) :]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    added = run.foreseen("added")
    assert granted == {(row["action"], row["resource"]) for row in added if not row.get("optional")}


def test_every_action_of_the_template_is_used_or_not(run: Foreseen, template: Rows):
    rows = (*run.foreseen("used_from_baseline"), *run.foreseen("unused_baseline"))
    told = [(row["statement"], row["action"]) for row in rows]
    there = [(number, action) for number, item in enumerate(template, 1) for action in as_list(item["Action"])]
    assert sorted(told) == sorted(there)


@pytest.mark.parametrize("name", ["added", "function"])
def test_rows_are_sorted_and_distinct(run: Foreseen, name: str):
    keys = [(row["action"].lower(), row["resource"]) for row in run.foreseen(name)]
    assert keys == sorted(set(keys))


def test_every_added_row_names_a_recorded_call(run: Foreseen, calls: set[str]):
    assert {row["evidence"] for row in run.foreseen("added") if not set(words(row["evidence"])) & calls} == set()


def test_every_recorded_call_is_accounted_for(run: Foreseen, calls: set[str]):
    told = {word for row in run.foreseen("added") for word in words(row["evidence"])}
    told |= {word for row in run.foreseen("used_from_baseline") for word in words(row["why"])}
    assert calls - told == NEEDS_NOTHING | REFUSED


def test_the_bins_sum_to_the_records_read(run: Foreseen):
    bins = run.foreseen("accounting")
    assert bins["read"] == sum(count for name, count in bins.items() if name != "read")


def words(text: str) -> list[str]:
    return [re.sub(r"20\d{6}(v\d)?$", "", word) for word in re.findall(r"\w+", text)]

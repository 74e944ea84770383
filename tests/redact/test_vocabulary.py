"""Which words stay: those of the services that a run is about, and those that are everybody's."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest

from tracer.redact.vocabulary import SHORTEST, hosts, parts, vocabulary

ROWS = json.loads((resources.files("tracer.redact") / "words.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("dynamodb", {"dynamodb", "table", "index"}),
        ("apigateway", {"restapis", "stages", "methods"}),
        ("cloudformation", {"stack", "changeset"}),
    ],
)
def test_a_service_s_words_are_those_of_its_arns(service: str, words: set[str]):
    assert words <= vocabulary(frozenset({service}))
    assert not words & (vocabulary(frozenset({"acm"})) - vocabulary(frozenset()))


@pytest.mark.parametrize("word", ["serverlessdeploymentbucket", "amazonaws", "authorized", "nodejs", "terraform"])
def test_words_of_all_runs(word: str):
    assert word in vocabulary(frozenset())


@pytest.mark.parametrize("word", ["orders", "acme", "payroll", "customer", "billing"])
def test_a_name_is_none(word: str):
    services = frozenset({"apigateway", "cloudformation", "dynamodb", "events", "iam", "lambda", "logs", "s3", "sts"})
    assert word not in vocabulary(services)


def test_an_unknown_service_has_no_words():
    assert vocabulary(frozenset({"nonesuch", "../events/iam"})) == vocabulary(frozenset())


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("AcmePayrollTable", ["Acme", "Payroll", "Table"]),
        ("AWSServiceRole", ["AWS", "Service", "Role"]),
        ("acme", ["acme"]),
        ("lambdaRole", ["lambda", "Role"]),
        ("Übersicht", ["Ü", "bersicht"]),
    ],
)
def test_camel_case_is_parted(run: str, words: list[str]):
    assert list(parts(run)) == words


def test_each_list_has_its_source_and_is_in_lower_case():
    for row in ROWS:
        assert row["source"].startswith("https://")
        assert row["why"].endswith(".")
        assert re.fullmatch(r"[a-z0-9_ ]+", row["words"])
    assert all(len(word) >= SHORTEST for word in vocabulary(frozenset()))


def test_hosts_are_those_of_services():
    assert {"lambda", "s3", "monitoring", "cloudformation"} <= hosts()
    assert "acme" not in hosts()

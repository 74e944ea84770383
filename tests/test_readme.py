"""What the README shows of the demo is what the demo prints."""

from __future__ import annotations

import json
import re

import pytest
from support import PROJECT, run_cli

README = (PROJECT / "README.md").read_text(encoding="utf-8")
FIRST_SCREEN = README.partition("\n## ")[0]


def fences(language):
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", FIRST_SCREEN, re.DOTALL | re.MULTILINE)
    return [text for named, text in blocks if named == language]


@pytest.fixture(scope="module")
def demo():
    return run_cli("demo")


def test_the_statements_on_the_first_screen_are_the_demo_s(demo):
    (shown,) = fences("json")
    statements = json.loads(f"[{shown.strip().rstrip(',')}]")
    printed = json.loads(demo.stdout)["Statement"]
    assert statements
    for statement in statements:
        assert statement in printed


def test_the_summary_on_the_first_screen_is_the_demo_s(demo):
    (shown,) = fences("")
    lines = [line for line in shown.splitlines() if line.strip()]
    printed = demo.stderr.splitlines()
    assert lines
    for line in lines:
        assert line in printed


def test_every_link_to_a_file_leads_to_one():
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", README)
    assert "docs/report.png" in links
    assert [link for link in links if not (PROJECT / link).is_file()] == []

"""Each of the 25 known traps of reading CloudTrail has a test or a case that bears its number."""

from __future__ import annotations

import json
import re

from support import PROJECT

TRAPS = frozenset(range(1, 26))


def test_every_trap_has_its_test():
    tests = PROJECT / "tests"
    cases = (case for file in tests.glob("cases/*/*.json") for case in json.loads(file.read_text(encoding="utf-8")))
    named = {case["trap"] for case in cases if "trap" in case}
    for file in tests.rglob("test_*.py"):
        named |= {int(number) for number in re.findall(r"def test_trap_(\d+)_", file.read_text(encoding="utf-8"))}
    assert named == TRAPS

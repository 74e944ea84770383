"""The ARNs of real records keep the laws, too: each splits, is written again, and only its own pattern matches it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracer.model.arn import Arn, ArnPattern


def arns_in(value: object) -> Iterator[str]:
    """Every string in a record that begins as an ARN does, but for ARNs with a text around them and patterns."""
    if isinstance(value, str) and value.startswith("arn:") and not set(value) & set(' *"'):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from arns_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from arns_in(item)


@pytest.mark.shared
def test_real_arns(shared_records: Path):
    files = sorted((shared_records / "trail").rglob("*.json.gz"))
    found = {arn for file in files for arn in arns_in(json.loads(gzip.decompress(file.read_bytes())))}
    assert len(found) > 50
    patterns = {arn: ArnPattern.exactly(Arn.parse(arn)) for arn in found}
    for arn, pattern in patterns.items():
        assert str(Arn.parse(arn)) == arn
        assert [other for other in found if pattern.covers(ArnPattern.exactly(other))] == [arn]

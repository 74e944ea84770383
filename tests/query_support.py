"""What the tests of queries/ share: logs to ask about, and what the parameters stand for there."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from runs.rest.run import records_path
from support import PROJECT, write_trail

from tracer import demo
from tracer.model.action import Action
from tracer.query.granted import granted

SHARED = PROJECT.parent / "shared" / "records"
ENDS = {
    "first_day": "0000/00/00",
    "last_day": "9999/99/99",
    "since": "0000-00-00T00:00:00Z",
    "until": "9999-99-99T00:00:00Z",
}
"""Nothing is left out."""
GRANTED = granted([Action(text) for text in ("s3:*", "iam:*", "lambda:*", "ec2:Describe*", "apigateway:*")])
VALUES: Mapping[str, Mapping[str, str | Sequence[str]]] = {
    "rest": {
        "first_day": "2026/11/03",
        "last_day": "2026/11/04",
        "since": "2026-11-03T09:00:00Z",
        "until": "2026-11-03T09:30:00Z",
        "regions": ("eu-west-1", "us-east-1"),
        "accounts": ("123456789012",),
        "principals": (demo.PRINCIPAL, "arn:aws:iam::123456789012:role/orders-dev-us-east-1-lambdaRole"),
        "granted": GRANTED,
    },
    "trail": {**ENDS, "granted": GRANTED},
    "others": {**ENDS, "granted": GRANTED},
}
"""What is asked of each log."""


@contextmanager
def logs(name: str, scratch: Path) -> Iterator[Path]:
    """The log files of that name: the run that is played; a real trail's; other real records, laid out as a trail's."""
    if name == "rest":
        with records_path() as folder:
            yield folder
        return
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/records")
    if name == "trail":
        yield SHARED / "trail"
    else:
        yield write_trail(scratch, [record for path in sorted(SHARED.glob("*.jsonl.gz")) for record in lines(path)])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]

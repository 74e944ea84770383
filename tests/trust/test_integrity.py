"""Where nobody checked the log files against the trail's digests, everything that is read of a run says so."""

from __future__ import annotations

import html
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pseudo_terminal import needs_terminal, shown
from support import record
from trail_bucket import TrailBucket, s3_server

UNCHECKED = "were not checked against the trail's digests"


@needs_terminal
def test_without_digests_the_summary_the_trace_and_the_report_say_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))
    with s3_server() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        trail = TrailBucket(endpoint)
        trail.deliver(datetime(2026, 11, 24, 8, tzinfo=UTC), record())
        line = ("--from", f"s3://{trail.name}", "--cache", f"{tmp_path}/cache", "--baseline", "none")
        summary = shown("run", *line, "-o", f"{tmp_path}/out/").screen()
    assert UNCHECKED in " ".join(" ".join(summary).split())
    findings = json.loads((tmp_path / "out" / "trace.json").read_text(encoding="utf-8"))["findings"]
    (finding,) = [finding for finding in findings if finding["code"] == "INTEGRITY_UNCHECKED"]
    assert UNCHECKED in finding["message"]
    page = html.unescape((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert UNCHECKED in page
    assert "INTEGRITY_UNCHECKED" in page

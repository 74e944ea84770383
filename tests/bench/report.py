"""How fluid the report of a large run is, in Chromium: `PYTHONPATH=tests python tests/bench/report.py [PERMISSIONS]`.

Makes a trace of 5,000 permissions (a hundred actions on fifty resources, which fit into documents), and prints how
large the page is, how long it takes to make and to open, and how long a keystroke in the filter takes.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from browser import chromium, opened
from emit_support import trace_of, used

from tracer import emit
from tracer.cli.reporting import html_report
from tracer.emit.draft import DraftOptions
from tracer.model.action import Action
from tracer.model.permission import Evidence, UsedPermission
from tracer.model.trace import Trace
from tracer.reference import table

if TYPE_CHECKING:
    from playwright.sync_api import Page

KEYSTROKE: Final = """text => new Promise(done => {
  const query = document.getElementById("query");
  const start = performance.now();
  query.value = text;
  query.dispatchEvent(new Event("input"));
  const script = performance.now() - start;
  requestAnimationFrame(() => setTimeout(() => done([script, performance.now() - start])));
})"""
"""Milliseconds of the script, and until the frame with its result is drawn."""

UNFOLDED: Final = """new Promise(done => {
  document.getElementById("unfold").click();
  requestAnimationFrame(() => setTimeout(done));
})"""


def large_trace(permissions: int) -> Trace:
    """A hundred actions of two services on as many resources as it takes, each called now and then in an hour."""
    actions = [f"{service}:{name}" for service in ("dynamodb", "lambda") for name in _names(service)[:50]]
    lines = []
    for number, (resource, action) in enumerate(itertools.product(range(permissions // 100 + 1), actions)):
        kind = "table" if action.startswith("dynamodb") else "function:"
        arn = f"arn:aws:{action.partition(':')[0]}:us-east-1:123456789012:{kind.strip(':')}"
        arn += f":f{resource:02}" if kind.endswith(":") else f"/t{resource:02}"
        times = [f"2026-11-24T08:{(number * step) % 60:02}:{number % 60:02}Z" for step in (7, 11)]
        events = tuple(f"{number:08x}-0000-4000-8000-{event:012x}" for event in range(3))
        lines.append(UsedPermission(used(action, arn).permission, Evidence(number % 9 + 1, *sorted(times), events)))
    return trace_of(*lines[:permissions])


def _names(service: str) -> list[str]:
    actions = table.expand(Action(f"{service}:*"))
    return sorted(action.name for action in actions if not table.lookup(service, action.name).star_only)


def measured(permissions: int) -> Iterator[str]:
    """What is measured, line by line."""
    draft = emit.draft((large_trace(permissions),), DraftOptions(baseline="none"))
    start = time.perf_counter()
    text = html_report(draft)
    yield f"{permissions:,} permissions, {len(text) / 1e6:.1f} MB, made in {time.perf_counter() - start:.1f} s"
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "report.html"
        file.write_text(text, encoding="utf-8")
        start = time.perf_counter()
        with opened(browser, file) as watched:
            yield f"opened in {time.perf_counter() - start:.2f} s"
            yield f"folded: {_keystrokes(watched.page)}"
            start = time.perf_counter()
            watched.page.evaluate(UNFOLDED)
            yield f"unfolded in {(time.perf_counter() - start) * 1000:.0f} ms: {_keystrokes(watched.page)}"


def _keystrokes(page: Page) -> str:
    word = "lambda function:f07"
    typed = [word[:length] for length in range(1, len(word) + 1)]
    times = [page.evaluate(KEYSTROKE, text) for text in (*typed, *reversed(typed), "")]
    script, drawn = (list(column) for column in zip(*times, strict=True))
    return (
        f"a keystroke takes the script {statistics.median(script):.0f} ms, the first one {script[0]:.0f} ms; "
        f"it is drawn after {statistics.median(drawn):.0f} ms, at most {max(drawn):.0f} ms"
    )


if __name__ == "__main__":
    for line in measured(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000):
        sys.stdout.write(f"{line}\n")

"""A real Chromium for the tests of the HTML report, and a page in it that remembers what a page should not do.

Found is Debian's `/usr/bin/chromium`, else the one that Playwright installs. Where there is neither, the tests that
need one are skipped, with the reason; `make test` sees to it that there is one where that can be had.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright, Request

DEBIAN: Final = Path("/usr/bin/chromium")
DESKTOP: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; the test is skipped where none can be had."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        executable = _executable(playwright)
        if executable is None:
            pytest.skip("there is no Chromium: install Debian's chromium, or `playwright install chromium`")
        # Chromium refuses to sandbox what root runs. What it asks its maker about in the background is not the page's.
        flags = ["--disable-background-networking", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        yield browser
        browser.close()


def _executable(playwright: Playwright) -> Path | None:
    return next((path for path in (DEBIAN, Path(playwright.chromium.executable_path)) if path.is_file()), None)


@dataclass
class Watched:
    """A page, and what it asked for, said and broke."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Playwright marks its handlers, and a list's own method cannot be marked.
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog: {dialog.message}"))


@contextmanager
def opened(browser: Browser, file: Path, fragment: str = "", **options: object) -> Iterator[Watched]:
    """The page of `file`, watched from its first byte; `options` are those of Playwright's `new_context`."""
    context = browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce", **options})
    context.set_default_timeout(15_000)
    watched = Watched(context.new_page())
    watched.page.goto(file.as_uri() + fragment)
    yield watched
    context.close()

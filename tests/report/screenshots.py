"""Takes the pictures of the demo's report that the README shows: `screenshots.py FOLDER`, or `make screenshots`.

They are drawn at the size in which they are shown, with what fonts the machine has; the page itself is the same
everywhere.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from browser import PHONE, chromium, opened
from support import run_cli

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_STATEMENT: Final = "#EventsRule78280ec8"
_PICTURES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "report.png": ("", {"viewport": {"width": 1180, "height": 1150}}),
    "report-dark.png": (_STATEMENT, {"viewport": {"width": 1180, "height": 1010}, "color_scheme": "dark"}),
    "report-phone.png": ("", {"viewport": PHONE, "device_scale_factor": 2}),
}
"""By the file's name, where the page is looked at, and how."""


def take(browser: Browser, report: Path, folder: Path) -> None:
    """Take all pictures of `report`."""
    for name, (fragment, options) in _PICTURES.items():
        with opened(browser, report, fragment, **options) as watched:
            watched.page.evaluate("document.activeElement.blur()")
            watched.page.screenshot(path=folder / name)


def main(folder: Path) -> None:
    """Write the demo's report to a temporary place, and its pictures to `folder`."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        result = run_cli("demo", "-o", f"{temporary}/")
        assert result.exit_code == 0, result.stderr
        take(browser, Path(temporary) / "report.html", folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

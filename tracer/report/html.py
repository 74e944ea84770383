"""The page as one HTML file that needs nothing else, and lets nothing else in.

Everything comes through jinja2 with autoescape. The content security policy forbids every source, the page's own style
and script excepted, which are named by their hashes: whatever a log holds, a browser neither runs nor fetches it. The
page is read without JavaScript; the script adds the filter, the keys, the copy buttons and the choice of colours.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Final

from tracer.report.page import Page
from tracer.report.statements import ORIGINS

_TEMPLATES: Final = "templates"


def html(page: Page) -> str:
    """The file's text. The same page gives the same text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("tracer.report", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style, script = _packaged("page.css"), _packaged("page.js")
    return environment.get_template("page.html").render(
        page=page,
        origins=ORIGINS,
        policy=content_security_policy(style, script),
        style=Markup(style),  # noqa: S704 - packaged with tracer, and named by its hash
        script=Markup(script),  # noqa: S704 - as above
    )


def content_security_policy(style: str, script: str) -> str:
    """Nothing from anywhere, but this style and this script (https://www.w3.org/TR/CSP3/)."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_source(style)}",
            f"script-src {_source(script)}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _packaged(name: str) -> str:
    return (resources.files("tracer.report") / _TEMPLATES / name).read_text(encoding="utf-8")

"""The file: what is in it whatever it shows, and what never is. What it looks like is for `test_browser`."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib import resources

import pytest
from emit_support import trace_of, used
from hostile_run import ATTACKS
from hypothesis import Phase, given, settings
from strategies import traces

from tracer import emit
from tracer.cli.reporting import html_report
from tracer.emit.draft import DraftOptions
from tracer.errors import TracerError
from tracer.model.finding import Finding
from tracer.model.permission import Evidence
from tracer.model.trace import Denial, Trace
from tracer.report.html import content_security_policy
from tracer.report.page import PLACES

TEMPLATES = resources.files("tracer.report") / "templates"
VOID = {"meta", "link", "br", "input", "img"}


class Outline(HTMLParser):
    """The elements of a page, which must nest, with what a browser might run or fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def report(trace: Trace, **options) -> str:
    return html_report(emit.draft((trace,), DraftOptions(**{"baseline": "none", **options})))


PLAIN = trace_of(used("s3:CreateBucket", "arn:aws:s3:::orders"))


def attacked(attack: str) -> Trace:
    """A trace that holds `attack` wherever a trace can hold a text."""
    line = used("s3:CreateBucket", f"arn:aws:s3:::{attack}", rule=attack, via=attack)
    denial = Denial(attack, f"s3:{attack}", attack, attack, attack, "message", Evidence(1, attack, attack, (attack,)))
    finding = Finding("COVERAGE_GAP", attack, attack, attack, 1, (attack,))
    trace = trace_of(line)
    return Trace(trace.run, trace.permissions, (denial,), (finding,), trace.accounting)


def safe(text: str) -> None:
    """Nothing but the page's own style and script can run, and nothing is fetched."""
    outline = Outline(text)
    assert [len(outline.named(tag)) for tag in ("script", "style")] == [1, 1]
    tags = {tag for tag, _ in outline.elements}
    assert not tags & {"img", "iframe", "object", "embed", "link", "base", "audio", "video", "template"}
    for tag, attributes in outline.elements:
        assert not [
            name for name in attributes if name.startswith("on") or name in {"src", "srcdoc", "style", "action"}
        ]
        for name in ("href", "xlink:href"):
            link = attributes.get(name)
            assert link is None or re.match(r"#|https://docs\.aws\.amazon\.com/", link), (tag, link)


def test_the_policy_forbids_everything_from_outside():
    (policy,) = [
        meta["content"]
        for meta in Outline(report(PLAIN)).named("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for kind in ("style-src", "script-src"):
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", rules.pop(kind))
    assert not [value for name, value in rules.items() if "none" not in value and name != "require-trusted-types-for"]


def test_the_policy_names_what_stands_in_the_file():
    text = report(PLAIN)
    style, script = (re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("style", "script"))
    assert len(style) == len(script) == 1
    policy = content_security_policy(style[0], script[0]).replace("'", "&#39;").replace("+", "&#43;")
    assert policy in text.replace("+", "&#43;")


def test_the_policy_stands_before_all_that_it_rules():
    text = report(PLAIN)
    assert text.index("Content-Security-Policy") < text.index("<title>") < text.index("<style>")


@pytest.mark.parametrize("name", ["page.css", "page.js"])
def test_style_and_script_fetch_nothing_and_make_no_markup(name: str):
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    for word in (
        "</",
        "url(",
        "@import",
        "http:",
        "https:",
        "innerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
    ):
        assert word not in text


def test_the_template_trusts_nothing():
    assert not re.search(r"\|\s*safe|autoescape|Markup", (TEMPLATES / "page.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_text(attack: str):
    safe(report(attacked(attack)))


@settings(max_examples=25, phases=[Phase.generate])  # to shrink whole pages takes minutes
@given(traces)
def test_whatever_a_trace_holds_the_page_is_safe_and_can_be_written(trace: Trace):
    try:
        text = report(trace)
    except TracerError:
        return  # what does not fit into a policy gets no page either
    safe(text)
    text.encode("utf-8")


def test_no_statement_can_take_the_id_of_the_page_s_own_places():
    template = (TEMPLATES / "page.html").read_text(encoding="utf-8")
    ids = set(re.findall(r'\bid="([A-Za-z0-9]+)"', template))
    assert ids == PLACES


def test_the_same_draft_gives_the_same_bytes():
    assert report(PLAIN, baseline="serverless-advanced") == report(PLAIN, baseline="serverless-advanced")


def test_a_page_of_nothing():
    safe(report(Trace()))


def test_the_document_on_the_page_is_the_document():
    text = report(attacked(ATTACKS["override"]))
    assert "\u202e" not in text
    assert "arn:aws:s3:::abc\\u202egnp.exe\\u2066" in text

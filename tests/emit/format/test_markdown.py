"""The page shows what the policy says, whatever the texts hold; a Markdown parser reads it."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

from emit_support import allow, used
from format_support import USER, documents, draft_of, hostile_texts
from hypothesis import given
from markdown_it import MarkdownIt

from tracer.emit.draft import Document
from tracer.emit.format import FORMATS
from tracer.emit.format.markdown import code, prose
from tracer.emit.lines import Line
from tracer.model.finding import Finding
from tracer.model.permission import Evidence, Section, UsedPermission
from tracer.model.policy import Conditions

MARKDOWN = FORMATS["markdown"]


class _Cells(HTMLParser):
    """The cells of a page's tables: each with its texts, code apart from words; and whatever else could do harm."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[list[str]]] = []
        self.tags: set[str] = set()
        self._in_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append([])
        if tag == "code":
            self._in_code = True
            if self.rows and self.rows[-1]:
                self.rows[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "code":
            self._in_code = False

    def handle_data(self, data: str) -> None:
        if self._in_code and self.rows and self.rows[-1] and self.rows[-1][-1]:
            self.rows[-1][-1][-1] += data


def page(text: str) -> _Cells:
    cells = _Cells()
    cells.feed(MarkdownIt("gfm-like", {"linkify": False}).render(text))
    return cells


def shown(text: str) -> str:
    """`text` as a reader sees it: what is no visible sign as an escape, and white space as one space."""
    signs = (sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
    return "".join(signs)


@given(documents)
def test_the_table_shows_each_text_of_each_statement(document: Document):
    cells = page(MARKDOWN.render(document, draft_of(document)))
    assert cells.tags <= {"h1", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "br", "strong"}
    _, *rows = cells.rows
    assert len(rows) == len(document.lines)
    for row, line in zip(rows, document.lines, strict=True):
        statement = line.statement
        assert row[1] == [shown(text) for text in statement.actions or statement.not_actions]
        assert row[2] == [shown(text) for text in statement.resources or statement.not_resources]
        assert row[3] == [
            shown(text) for operator, key, values in statement.conditions.items for text in (operator, key, *values)
        ]


@given(hostile_texts)
def test_words_are_words(text: str):
    html = MarkdownIt("gfm-like", {"linkify": False}).renderInline(f"a {prose(text)} z")
    assert "<" not in html
    assert unescape(html) == f"a {shown(text)} z"


@given(hostile_texts)
def test_no_address_becomes_a_link(text: str):
    assert not re.search(r"://|www\.|@", prose(text + "https://x.example www.x.example a@x.example"), re.IGNORECASE)


def test_plain_texts_are_plain_spans():
    assert code("arn:aws:s3:::orders/${aws:username}/*") == "`arn:aws:s3:::orders/${aws:username}/*`"
    assert code("a|b") == "<code>a&#124;b</code>"
    assert code("\x1b") == "<code>&#92;x1b</code>"


def test_the_page():
    get, put = used("s3:GetObject", "arn:aws:s3:::orders/*"), used("s3:PutObject", "arn:aws:s3:::orders/*")
    later = UsedPermission(put.permission, Evidence(1_234, "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z"))
    passed = Conditions.of("StringEquals", "iam:PassedToService", "lambda.amazonaws.com", "events.amazonaws.com")
    document = Document(
        Section.DEPLOYER,
        USER,
        (
            Line(allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::orders/*", sid="S3Object1"), used=(get, later)),
            Line(allow("iam:PassRole", "*", conditions=passed), baseline=True),
            Line(allow("s3:DeleteBucket", "*", effect="Deny"), baseline=True),
        ),
        part=1,
        parts=2,
        stem="deployer",
    )
    findings = (Finding("COVERAGE_GAP", "no data events"), Finding("UNKNOWN_ACTION", "no action for a|b"))
    assert MARKDOWN.render(document, draft_of(document, findings=findings)) == (
        "# Policy of the deployer, document 1 of 2\n"
        "\n"
        f"For `{USER}`: a managed policy, {document.policy.size} of 6,144 characters.\n"
        "\n"
        "| statement | actions | resources | only if | from | calls |\n"
        "|---|---|---|---|---|---|\n"
        "| 1 `S3Object1` | `s3:GetObject`<br>`s3:PutObject` | `arn:aws:s3:::orders/*` |  | observed | 1,235<br>"
        "2026-11-24T08:00:00Z<br>2026-11-24T10:00:00Z |\n"
        "| 2 | `iam:PassRole` | `*` | `StringEquals` `iam:PassedToService` = `events.amazonaws.com` or "
        "`lambda.amazonaws.com` | baseline | 0 |\n"
        "| 3 **Deny** | `s3:DeleteBucket` | `*` |  | baseline | 0 |\n"
        "\n"
        "## Findings of the run\n"
        "\n"
        "| severity | code | finding |\n"
        "|---|---|---|\n"
        "| warning | UNKNOWN_ACTION | no action for a&#124;b |\n"
        "| note | COVERAGE_GAP | no data events |\n"
    )

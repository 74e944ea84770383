import re

import pytest

from tracer.report.layout import Access, Accesses, Counts, Heading, Item, Line, Pairs, Prose, Tone
from tracer.report.terminal import on_terminal

ARN = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/orders-dev-create"
PAGE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html"
COUNTS = Counts(("service", "permissions", "added"), (("s3", (1200, 0)), ("logs", (1, 1)), ("all", (1201, 1))))
ALL_KINDS: list[Item] = [
    Heading("deployer", Tone.BAD),
    Line("what there is", lead="Error: ", tone=Tone.BAD),
    Prose("a word and another " * 20, bullet=True),
    COUNTS,
    Pairs((("s3", "CreateBucket, " * 20), ("", "more"))),
    Accesses((Access("logs:PutLogEvents", ARN, ("only if a = b",), "logs:A, logs:B"), Access("s3:*", "*"))),
]


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def bare(text: str) -> list[str]:
    """The lines without their colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()


def drawn(*items: Item, width: int = 80) -> list[str]:
    return bare(on_terminal([items], width))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_it_fits_the_terminal(width: int):
    lines = drawn(*ALL_KINDS, width=width)
    assert max(map(len, lines)) <= width
    assert lines[0] == "deployer"


def test_a_table_of_numbers_ends_with_the_sum():
    assert [line.rstrip() for line in drawn(COUNTS)] == [
        "  service   permissions   added",
        "  ─────────────────────────────",
        "  s3              1,200       –",
        "  logs                1       1",
        "  ─────────────────────────────",
        "  all             1,201       1",
    ]


def test_an_arn_is_broken_behind_its_parts():
    table = Accesses((Access("logs:PutLogEvents", ARN, ("only if a = b",)),))
    assert [line.rstrip() for line in drawn(table, width=60)] == [
        "  action              resource",
        "  ────────────────────────────────────────────────────────",
        "  logs:PutLogEvents   arn:aws:logs:us-east-1:123456789012:",
        "                      log-group:/aws/lambda/",
        "                      orders-dev-create",
        "                      only if a = b",
    ]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(Prose(f"grant the group's ARN ({PAGE})"), id="prose"),
        pytest.param(Line(f"  {PAGE}"), id="line"),
        pytest.param(Line(f"  aws iam create-policy --policy-document {PAGE}", whole=True), id="command"),
        pytest.param(Pairs((("page", PAGE),)), id="pairs"),
    ],
)
def test_what_somebody_may_copy_is_not_broken(item: Item):
    assert sum(PAGE in line for line in drawn(item, width=60)) == 1


def test_a_command_stays_one_line():
    (line,) = drawn(Line("  " + "aws iam create-policy " * 9, whole=True))
    assert line.count("create-policy") == 9


def test_blocks_are_parted_by_a_line():
    assert bare(on_terminal([[Heading("one")], [Heading("two")]], 80)) == ["one", "", "two"]


@pytest.mark.parametrize(("tone", "code"), [(Tone.BAD, "31"), (Tone.DOUBTFUL, "33"), (Tone.GOOD, "32")])
def test_a_tone_is_a_colour(tone: Tone, code: str, monkeypatch: pytest.MonkeyPatch):
    assert on_terminal([[Heading("x", tone)]], 80) == f"\x1b[1;{code}mx\x1b[0m\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert on_terminal([[Heading("x", tone)]], 80) == "\x1b[1mx\x1b[0m\n"


HOSTILE = "[red]x[/red] [link=https://example.com]y[/link] :boom: [/] \x1b[31mz\x07\u202e\n\x9b2J"
SPELLED = r"[red]x[/red] [link=https://example.com]y[/link] :boom: [/] \x1b[31mz\x07\u202e\n\x9b2J"


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(Heading(HOSTILE), id="heading"),
        pytest.param(Line(HOSTILE), id="line"),
        pytest.param(Line(HOSTILE, whole=True), id="whole-line"),
        pytest.param(Line("", lead=HOSTILE), id="lead"),
        pytest.param(Prose(HOSTILE), id="prose"),
        pytest.param(Counts(("service", "n"), ((HOSTILE, (1,)), ("all", (1,)))), id="name"),
        pytest.param(Counts((HOSTILE, "n"), (("s3", (1,)), ("all", (1,)))), id="first-head"),
        pytest.param(Counts(("service", HOSTILE), (("s3", (1,)), ("all", (1,)))), id="head"),
        pytest.param(Counts(("service", "n"), (("s3", (1,)), (HOSTILE, (1,)))), id="sum"),
        pytest.param(Pairs(((HOSTILE, "x"),)), id="label"),
        pytest.param(Pairs((("x", HOSTILE),)), id="text"),
        pytest.param(Accesses((Access(HOSTILE, "*"),)), id="action"),
        pytest.param(Accesses((Access("s3:*", HOSTILE),)), id="resource"),
        pytest.param(Accesses((Access("s3:*", "*", (HOSTILE,)),)), id="remark"),
        pytest.param(Accesses((Access("s3:*", "*", (), HOSTILE),)), id="actions"),
    ],
)
def test_what_a_log_holds_is_neither_markup_nor_obeyed(item: Item):
    text = on_terminal([[item]], 300)
    seen = re.sub(r"\x1b\[[012]m", "", text)  # nothing but bold and dim is tracer's own here
    assert [word for word in SPELLED.split() if word not in seen] == []
    assert "\x1b" not in seen

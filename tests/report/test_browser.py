"""The report in a real Chromium: of the demo, and of a hostile run.

Each test first sees a known permission on the page, so that none passes on a page that is empty or broken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from browser import DESKTOP, PHONE, Watched, opened
from hostile_run import ATTACKS, CANARY, KNOWN

from tracer import demo

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DEMO_PERMISSION: Final = ("dynamodb:CreateTable", "arn:aws:dynamodb:us-east-1:123456789012:table/orders-dev")
STACK: Final = "CloudformationStackd8e873e1"
"""A statement of the demo's policy."""
VISIBLE: Final = "details.statement:not([hidden])"


def sees(page: Page, permission: tuple[str, str]) -> None:
    """The permission is there, as one line of evidence, and so is the answer."""
    action, resource = permission
    row = page.locator(".row", has=page.get_by_text(action, exact=True)).filter(has_text=resource).first
    assert row.locator(".action").text_content() == action
    assert page.locator("#verdict h2").inner_text().startswith("The policy covers")


@pytest.fixture
def seen(browser: Browser, demo_report: Path) -> Iterator[Watched]:
    """The demo's report, opened and looked at."""
    with opened(browser, demo_report) as watched:
        sees(watched.page, DEMO_PERMISSION)
        yield watched


@pytest.fixture
def page(seen: Watched) -> Page:
    return seen.page


# Nothing comes in, nothing goes out ---------------------------------------------------------------------------------


def use_everything(page: Page) -> None:
    """Unfold, filter, jump, print, change the colours."""
    page.locator("#unfold").click()
    page.locator("#query").fill("dynamodb script onerror")
    page.locator("#query").fill("")
    page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true; })")
    page.locator("#theme").click()
    page.emulate_media(media="print")
    page.emulate_media(media="screen")
    page.locator("a[href^='#']").last.evaluate("link => link.click()")


@pytest.mark.parametrize("name", ["demo", "hostile"])
def test_nothing_executes_no_request_leaves_and_nothing_complains(
    name: str, browser: Browser, request: pytest.FixtureRequest
):
    file: Path = request.getfixturevalue(f"{name}_report")
    with opened(browser, file) as watched:
        sees(watched.page, DEMO_PERMISSION if name == "demo" else KNOWN)
        use_everything(watched.page)
        assert watched.page.evaluate("window.canary") is None
        assert [request.url for request in watched.requests] == [file.as_uri()]
        assert watched.said == []


@pytest.mark.parametrize("attack", ["script", "image", "drawing"])
def test_the_canary_sings_where_a_page_is_open_to_attacks(attack: str, browser: Browser, tmp_path: Path):
    """Else the test above could not fail."""
    file = tmp_path / "open.html"
    file.write_text(f"<!doctype html><title>open</title>{ATTACKS[attack]}", encoding="utf-8")
    with opened(browser, file) as watched:
        watched.page.wait_for_function(f"{CANARY.partition('=')[0]} === 1")


def test_the_policy_would_stop_what_got_in(browser: Browser, demo_report: Path, tmp_path: Path):
    """The second lock: markup that came through unescaped is neither run nor fetched, and the browser says so."""
    file = tmp_path / "broken.html"
    lock = demo_report.read_text(encoding="utf-8")
    file.write_text(
        lock.replace("<header>", f"<header>{ATTACKS['script']}{ATTACKS['image']}{ATTACKS['fetch']}", 1),
        encoding="utf-8",
    )
    with opened(browser, file) as watched:
        sees(watched.page, DEMO_PERMISSION)
        assert watched.page.evaluate("window.canary") is None
        tried = [request for request in watched.requests if not request.url.startswith("file:")]
        assert {request.failure for request in tried} == {"csp"}
        assert any("Content Security Policy" in text for text in watched.said)


def test_what_is_hostile_is_there_to_be_read(browser: Browser, hostile_report: Path):
    with opened(browser, hostile_report) as watched:
        sees(watched.page, KNOWN)
        text = watched.page.locator("main").text_content() or ""
        for name in ("script", "image", "quote", "style", "template", "reference"):
            assert ATTACKS[name] in text
        assert "\u202e" not in text
        assert "abc\\u202egnp.exe" in text


def test_megabytes_are_cut_and_their_length_is_told(browser: Browser, hostile_report: Path):
    assert hostile_report.stat().st_size < 500_000
    with opened(browser, hostile_report, viewport=PHONE) as watched:
        sees(watched.page, KNOWN)
        use_everything(watched.page)
        assert "… (1,0" in (watched.page.locator("#findings").text_content() or "")
        assert width_beyond(watched.page) == 0


# Reading ------------------------------------------------------------------------------------------------------------


def width_beyond(page: Page) -> int:
    """How many pixels the page is wider than the screen."""
    beyond: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return beyond


@pytest.mark.parametrize(
    "viewport", [DESKTOP, PHONE, {"width": 320, "height": 600}], ids=lambda size: str(size["width"])
)
def test_nothing_is_wider_than_the_screen(viewport: dict[str, int], browser: Browser, demo_report: Path):
    with opened(browser, demo_report, viewport=viewport) as watched:
        sees(watched.page, DEMO_PERMISSION)
        assert width_beyond(watched.page) == 0
        watched.page.locator("#unfold").click()
        assert width_beyond(watched.page) == 0


def test_it_reads_without_javascript(browser: Browser, demo_report: Path):
    with opened(browser, demo_report, f"#{STACK}", java_script_enabled=False) as watched:
        sees(watched.page, DEMO_PERMISSION)
        # The link unfolded its statement, and what only a script can do is not offered.
        assert watched.page.locator(f"#{STACK}").is_visible()
        assert watched.page.locator(".script:visible").count() == 0
        statement = watched.page.locator("details.statement").first
        assert not statement.locator(".body").is_visible()
        statement.locator("summary").click()
        assert statement.locator(".body").is_visible()
        assert watched.said == []


def test_what_is_folded_is_not_drawn_and_what_is_far_away_neither(page: Page):
    """So that thousands of lines cost nothing until somebody looks at them."""
    rows = page.locator(".statement .row")
    assert rows.evaluate_all("rows => rows.filter(row => row.checkVisibility()).length") == 0
    page.locator("#unfold").click()
    assert rows.evaluate_all("rows => rows.filter(row => row.checkVisibility()).length") == rows.count() > 100
    near = "rows => rows.filter(row => row.firstElementChild.checkVisibility({ contentVisibilityAuto: true })).length"
    assert rows.evaluate_all(near) < rows.count() / 2


def test_on_paper_everything_is_unfolded_and_the_controls_are_gone(page: Page):
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(f"#{STACK}").is_visible()
    assert page.locator("#filter, nav, .copy").locator("visible=true").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert not page.locator(f"#{STACK}").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_are_the_system_s_until_somebody_chooses(scheme: str, browser: Browser, demo_report: Path):
    with opened(browser, demo_report, color_scheme=scheme) as watched:
        page = watched.page
        sees(page, DEMO_PERMISSION)
        assert is_dark(page) is (scheme == "dark")
        page.get_by_role("button", name="Light" if scheme == "dark" else "Dark").click()
        assert is_dark(page) is (scheme == "light")
        page.reload()
        assert is_dark(page) is (scheme == "light")


def is_dark(page: Page) -> bool:
    red: int = page.evaluate("Number(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0])")
    return red < 128


# Searching ----------------------------------------------------------------------------------------------------------


def shown_texts(page: Page) -> list[str]:
    return page.locator(f"{VISIBLE} > summary .gist").all_text_contents()


@pytest.mark.parametrize(
    ("query", "service"),
    [
        ("dynamodb", "dynamodb"),
        ("dynamodb:CreateTable", "dynamodb"),
        ("createtable", "dynamodb"),
        ("table/orders-dev", "dynamodb"),
        ("  TABLE/orders   createtable ", "dynamodb"),
        ("PutBucketPolicy", "s3"),
        ("ec2:DescribeVpcs", "ec2"),
    ],
)
def test_the_filter_finds_by_service_action_and_resource(query: str, service: str, page: Page):
    every = page.locator("details.statement").count()
    page.locator("#query").fill(query)
    found = shown_texts(page)
    assert 0 < len(found) < every
    assert all(service in text for text in found)
    assert f"{len(found)} of {every} statements" in page.locator("#found").inner_text()
    page.locator("#query").fill("")
    assert len(shown_texts(page)) == every


def test_of_a_statement_the_lines_that_match_are_shown(page: Page):
    page.locator("#query").fill("cloudformation:DescribeStackEvents")
    (found,) = page.locator(VISIBLE).all()
    found.locator("summary").click()
    assert found.locator(".row:visible .action").all_text_contents() == ["cloudformation:DescribeStackEvents"]
    assert "1 permission behind it" in page.locator("#found").inner_text()


def test_the_filter_by_service_and_by_origin(page: Page):
    page.locator("#service").select_option("lambda")
    assert all("lambda" in text for text in shown_texts(page))
    page.locator("#origin").select_option("observed")
    origins = page.locator(f"{VISIBLE} > summary .origin").all_text_contents()
    assert set(origins) <= {"observed", "baseline, used"}
    page.locator("#origin").select_option("baseline")
    assert page.locator(VISIBLE).count() == 0
    page.locator("#clear").click()
    assert page.locator(VISIBLE).count() == page.locator("details.statement").count()


def test_what_matches_nothing_is_said(page: Page):
    every = page.locator("details.statement").count()
    page.locator("#query").fill("no such thing")
    assert page.locator("#nothing").is_visible()
    assert f"0 of {every} statements" in page.locator("#found").inner_text()
    assert page.locator(".policy").locator("visible=true").count() == 0


# Links, copies, keys ------------------------------------------------------------------------------------------------


def test_a_link_to_a_statement_unfolds_it(browser: Browser, demo_report: Path):
    with opened(browser, demo_report, f"#{STACK}") as watched:
        sees(watched.page, DEMO_PERMISSION)
        statement = watched.page.locator("details.statement", has=watched.page.locator(f"#{STACK}"))
        assert statement.locator(".body").is_visible()
        summary = statement.locator("summary")
        watched.page.wait_for_function("document.activeElement.matches('summary')")
        assert focused(watched.page) == STACK
        box, bar = summary.bounding_box(), watched.page.locator("#filter").bounding_box()
        assert box is not None and bar is not None
        assert bar["y"] + bar["height"] <= box["y"] < DESKTOP["height"]


def test_a_link_reaches_a_statement_that_the_filter_hides(page: Page):
    page.locator("#query").fill("dynamodb")
    page.evaluate(f"location.hash = '{STACK}'")
    page.locator(f"#{STACK}").wait_for()
    assert page.locator("#query").input_value() == ""


def test_every_link_on_the_page_leads_somewhere(page: Page):
    missing = page.locator("a[href^='#']").evaluate_all(
        "links => links.map(link => link.hash.slice(1)).filter(id => !document.getElementById(id))"
    )
    assert missing == []
    ids = page.locator("[id]").evaluate_all("elements => elements.map(element => element.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("allowed", [True, False], ids=["clipboard", "selection"])
def test_a_document_is_copied_as_it_was_written(allowed: bool, browser: Browser, demo_report: Path):
    with opened(browser, demo_report, permissions=["clipboard-read", "clipboard-write"]) as watched:
        page = watched.page
        sees(page, DEMO_PERMISSION)
        if not allowed:
            page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('not allowed'); }; }")
        page.get_by_role("button", name="Copy deployer.json").click()
        page.get_by_text("Copied to the clipboard").wait_for(state="attached")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.strip() == (demo_report.parent / "deployer.json").read_text(encoding="utf-8").strip()


def test_a_hostile_document_is_copied_with_its_meaning(browser: Browser, hostile_report: Path):
    with opened(browser, hostile_report, permissions=["clipboard-read", "clipboard-write"]) as watched:
        page = watched.page
        sees(page, KNOWN)
        page.locator(".copy").first.click()
        page.get_by_text("Copied to the clipboard").wait_for(state="attached")
        copied = page.evaluate("navigator.clipboard.readText()")
        written = (hostile_report.parent / "deployer.json").read_text(encoding="utf-8")
        assert json.loads(copied) == json.loads(written)


def focused(page: Page) -> str:
    """The id of what has the keyboard, or of the statement whose head it is."""
    name: str = page.evaluate(
        "(at => at.matches('summary') ? at.parentElement.querySelector('.body')?.id : at.id)(document.activeElement)"
    )
    return name


def test_the_keys(page: Page):
    keys = page.keyboard
    keys.press("/")
    assert focused(page) == "query"
    keys.type("cloudformation")
    assert page.locator("#query").input_value() == "cloudformation"
    assert page.locator(VISIBLE).count() == 3
    keys.press("ArrowDown")
    assert focused(page) == "deployer-1"
    keys.press("Enter")
    assert page.locator("#deployer-1").is_visible()
    keys.press("ArrowDown")
    assert focused(page) == "deployer-2"
    keys.press("End")
    assert focused(page) == STACK
    keys.press("ArrowDown")
    assert focused(page) == STACK
    keys.press("Home")
    keys.press("ArrowUp")
    assert focused(page) == "query"
    keys.press("Escape")
    assert page.locator("#query").input_value() == ""
    keys.press("Escape")
    assert focused(page) == ""


def test_the_tab_key_goes_through_the_controls_in_order(page: Page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the policies"
    page.locator("#query").focus()
    order = []
    for _ in range(5):
        page.keyboard.press("Tab")
        order.append(focused(page) or page.evaluate("document.activeElement.className"))
    assert order == ["service", "origin", "unfold", "script copy", "deployer-1"]


def test_a_slash_is_a_slash_where_somebody_types(page: Page):
    page.locator("#query").focus()
    page.keyboard.type("a/b")
    assert page.locator("#query").input_value() == "a/b"


# For everybody ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["demo", "hostile"])
def test_axe_finds_nothing_serious(name: str, scheme: str, browser: Browser, request: pytest.FixtureRequest):
    from axe_playwright_python.sync_playwright import Axe

    viewport = DESKTOP if name == "demo" else PHONE
    with opened(browser, request.getfixturevalue(f"{name}_report"), color_scheme=scheme, viewport=viewport) as watched:
        page = watched.page
        sees(page, DEMO_PERMISSION if name == "demo" else KNOWN)
        some = "all => all.filter((_, number) => number % 6 === 0).forEach(details => { details.open = true; })"
        page.locator("details").evaluate_all(some)
        # All that the colours change is the contrast.
        options = {"resultTypes": ["violations"]} | ({"runOnly": ["color-contrast"]} if scheme == "dark" else {})
        result = Axe().run(page, options=options).response
        assert len(result["passes"]) > (0 if scheme == "dark" else 20)
        assert [
            (violation["id"], node["target"], node.get("failureSummary"))
            for violation in result["violations"]
            if violation["impact"] in {"serious", "critical"}
            for node in violation["nodes"][:3]
        ] == []


def test_axe_can_find_something(page: Page):
    """Else the test above could not fail."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("document.documentElement.removeAttribute('lang')")
    result = Axe().run(page, options={"runOnly": ["html-has-lang"]}).response
    assert [violation["id"] for violation in result["violations"]] == ["html-has-lang"]


def test_the_picture_is_also_a_table(page: Page):
    page.get_by_text("The same as a table").click()
    rows = page.locator("#run tbody tr")
    assert rows.count() == page.locator("#run .lanes li").count() > 5
    assert page.get_by_role("img").first.get_attribute("aria-labelledby") == "plot-title"
    assert demo.SERVICE in page.title()

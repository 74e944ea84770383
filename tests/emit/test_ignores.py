"""--ignore: what is left out is told with its reason, and nothing else is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from emit_support import FUNCTION_ROLE, trace_of, used

from tracer import emit
from tracer.emit.draft import DraftOptions
from tracer.emit.ignores import Ignore, load_ignores, sift
from tracer.errors import UsageError
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.permission import Section

BUCKET = "arn:aws:s3:::orders-bucket"
DELETE = used("s3:DeleteBucket", BUCKET)
CREATE = used("s3:CreateBucket", BUCKET)
REASON = "the bucket outlives the service"


def ignore(action: str, resource: str = "*") -> Ignore:
    return Ignore(Action(action), ArnPattern(resource), REASON)


MEANT = {
    "the action": (ignore("s3:DeleteBucket"), True),
    "in another spelling": (ignore("S3:deletebucket"), True),
    "a pattern": (ignore("s3:Delete*"), True),
    "the resource": (ignore("s3:DeleteBucket", BUCKET), True),
    "a resource pattern": (ignore("*", "arn:aws:s3:::orders-*"), True),
    "another action": (ignore("s3:DeleteObject"), False),
    "another resource": (ignore("s3:DeleteBucket", "arn:aws:s3:::other"), False),
}


@pytest.mark.parametrize(("one", "meant"), MEANT.values(), ids=MEANT)
def test_which_permissions_are_meant(one: Ignore, meant: bool):
    kept, (left_out,) = sift([DELETE], [one])
    assert (kept, left_out.permissions) == (((), (DELETE,)) if meant else ((DELETE,), ()))


def test_an_entry_that_covers_a_part_of_a_pattern_leaves_it():
    wide = used("s3:DeleteObject", "arn:aws:s3:::orders-*")
    assert sift([wide], [ignore("*", BUCKET)])[0] == (wide,)


def test_the_first_entry_that_means_it_has_it():
    _, (first, second) = sift([DELETE, CREATE], [ignore("s3:DeleteBucket"), ignore("s3:*")])
    assert (first.permissions, second.permissions) == ((DELETE,), (CREATE,))


def file_of(tmp_path: Path, text: str, name: str = "ignore.json") -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def entries(*items: dict[str, object]) -> str:
    return json.dumps({"ignore": items})


def test_a_file_may_be_json_or_toml(tmp_path: Path):
    one = {"action": "s3:DeleteBucket", "resource": BUCKET, "reason": REASON}
    toml = f'[[ignore]]\naction = "s3:DeleteBucket"\nresource = "{BUCKET}"\nreason = "{REASON}"\n'
    expected = (ignore("s3:DeleteBucket", BUCKET),)
    assert load_ignores(file_of(tmp_path, entries(one))) == expected
    assert load_ignores(file_of(tmp_path, toml, "ignore.toml")) == expected
    assert load_ignores(file_of(tmp_path, entries({"action": "s3:*", "reason": "x"}))) == (
        Ignore(Action("s3:*"), ArnPattern("*"), "x"),
    )


FAULTY = {
    "no JSON": ("ignore", "is no JSON"),
    "no list": ("[]", "no list named ignore"),
    "no table": ('{"ignore": ["s3:*"]}', "entry 1 of .* is no table"),
    "no text": (entries({"action": 1, "reason": "x"}), "entry 1 of .* is no table of texts"),
    "no reason": (entries({"action": "s3:*", "reason": "x"}, {"action": "s3:*"}), "entry 2 of .* has no reason"),
    "an empty reason": (entries({"action": "s3:*", "reason": " "}), "has no reason"),
    "no action": (entries({"reason": "x"}), "not an IAM action"),
    "a wrong action": (entries({"action": "s*:Get", "reason": "x"}), "not an IAM action"),
    "a word that is none": (entries({"actions": "s3:*", "reason": "x"}), "holds 'actions', which is unknown"),
    "too deep": ("[" * 100_000, "is no JSON"),
}


@pytest.mark.parametrize(("text", "message"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_file_is_refused(text: str, message: str, tmp_path: Path):
    with pytest.raises(UsageError, match=message) as error:
        load_ignores(file_of(tmp_path, text))
    assert error.value.hint


def test_a_file_that_is_not_there_or_no_toml(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot read"):
        load_ignores(str(tmp_path / "absent"))
    with pytest.raises(UsageError, match="is no TOML"):
        load_ignores(file_of(tmp_path, "{}", "ignore.toml"))


def drafted(tmp_path: Path, *items: dict[str, object], baseline: str = "none") -> emit.Draft:
    function = used("s3:DeleteBucket", BUCKET, section=Section.FUNCTION, principal=FUNCTION_ROLE)
    options = DraftOptions(baseline=baseline, ignore=file_of(tmp_path, entries(*items)))
    return emit.draft([trace_of(DELETE, CREATE, function)], options)


def ignored(draft: emit.Draft) -> list[Finding]:
    return [finding for finding in draft.findings if finding.code == "IGNORED"]


def test_a_draft_leaves_it_out_of_every_policy_and_says_so(tmp_path: Path):
    draft = drafted(tmp_path, {"action": "s3:Delete*", "reason": REASON})
    assert [line.statement.actions for one in draft.documents for line in one.lines] == [("s3:CreateBucket",)]
    (finding,) = ignored(draft)
    assert finding.message == f"left out as asked: s3:DeleteBucket on {BUCKET} (reason: {REASON})"
    assert (finding.count, finding.severity) == (2, "note")
    assert DELETE in draft.trace.permissions  # the trace still tells what was done


def test_what_the_baseline_grants_all_the_same_is_told(tmp_path: Path):
    draft = drafted(tmp_path, {"action": "s3:DeleteBucket", "reason": REASON}, baseline="serverless-advanced")
    (finding,) = ignored(draft)
    assert finding.message.endswith(f"; other statements grant all the same: s3:DeleteBucket on {BUCKET}")


def test_an_entry_that_nothing_answers_to_is_told(tmp_path: Path):
    draft = drafted(tmp_path, {"action": "sqs:*", "resource": "arn:aws:sqs:*", "reason": REASON})
    assert [finding.message for finding in ignored(draft)] == [
        f"nothing in the trace answers to the ignore sqs:* on arn:aws:sqs:* (reason: {REASON})"
    ]


def test_the_summary_shows_the_reason(tmp_path: Path):
    from tracer.report.plain import plain
    from tracer.report.summary import findings

    assert REASON in " ".join(
        plain(findings(drafted(tmp_path, {"action": "s3:Delete*", "reason": REASON}).findings)).split()
    )

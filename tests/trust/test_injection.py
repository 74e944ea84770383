"""A name is a name, whatever is in it: no text of a record becomes a wildcard, a policy variable or another statement.

Each case of `tests/cases` is told again with a hostile text at the end of one of its strings, in the request and in the
response, one after the other, and once more with a harmless text in its place. The hostile record may give what the
harmless one gives, with the text escaped, or less; but no wildcard and no variable that the harmless one has not,
unless a finding says that the call leaves its resource open.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from case_support import Case, cases
from reduce_support import trace_of
from support import iam_user, record

from tracer import emit
from tracer.model.glob import escape

HOSTILE: Final = {
    "a star": "*",
    "a question mark": "?",
    "a policy variable": "${aws:username}",
    "a quote": '"',
    "an escape": "${*}",
    "the end of a list": '"], ["*',
    "a line": "\n",
    "another statement": '"}, {"Effect": "Allow", "Action": "*", "Resource": "*"}',
}
HARMLESS: Final = "Zq7Zq7Z"
OPEN: Final = {"WILDCARD_RESOURCE", "UNKNOWN_RESOURCE", "UNKNOWN_ACTION"}

_ESCAPED = re.compile(r"\$\{[*?$]\}")
_WILD = re.compile(r"\$\{[^}]*\}|[*?]")

_Path = tuple[str | int, ...]
_Line = tuple[str, str]


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_no_text_of_a_record_becomes_a_wildcard(hostile: str):
    widened = [f"{case.id} {path}: {line}" for case in cases() for path, line in _widened(case, hostile)]
    assert not widened


def _widened(case: Case, hostile: str) -> Iterator[tuple[_Path, _Line]]:
    """The lines of a hostile record that hold a wildcard which the harmless one does not have, and no finding tells."""
    call = case.record
    for path in (*_strings(call["requestParameters"], "requestParameters"),
                 *_strings(call["responseElements"], "responseElements")):  # fmt: skip
        harmless, _ = _lines(case, _with(call, path, HARMLESS))
        found, told = _lines(case, _with(call, path, hostile))
        if told:
            continue
        known = {action: max(_wild(resource) for other, resource in harmless if other == action)
                 for action, _ in harmless}  # fmt: skip
        for action, resource in found - {(one, text.replace(HARMLESS, escape(hostile))) for one, text in harmless}:
            if _wild(resource) > known.get(action, 0):
                yield path, (action, resource)


def _lines(case: Case, call: Mapping[str, Any]) -> tuple[set[_Line], bool]:
    """What the call needs, and whether a finding says that its resource is open."""
    trace = trace_of(call, *case.before, evidence=None, **case.content.get("options", {}))
    event = call["eventID"]
    lines = {
        (used.permission.action.text, used.permission.resource.text)
        for used in trace.permissions
        if event in used.evidence.events
    }
    return lines, any(finding.code in OPEN for finding in trace.findings if event in finding.events)


def _strings(value: object, *path: str | int) -> Iterator[_Path]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(item, *path, key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, *path, index)
    elif isinstance(value, str):
        yield path


def _with(call: Mapping[str, Any], path: _Path, text: str) -> dict[str, Any]:
    """A copy of the record with `text` at the end of one of its strings."""
    changed: Any = copy.deepcopy(call)
    *way, last = path
    place = changed
    for step in way:
        place = place[step]
    place[last] += text
    return changed


def _wild(resource: str) -> int:
    """How many wildcards and variables stand in a pattern; escapes are none."""
    return len(_WILD.findall(_ESCAPED.sub("", resource)))


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_name_stays_one_string_of_the_document(hostile: str):
    key = f"a{hostile}b"
    read = record("GetObject", "s3.amazonaws.com", user=iam_user(), request={"bucketName": "photos", "key": key})
    draft = emit.draft([trace_of(read)], emit.DraftOptions(baseline="none"))
    (statement,) = json.loads(draft.policies[0].to_json())["Statement"]
    assert statement["Action"] == "s3:GetObject"
    assert statement["Resource"] == f"arn:aws:s3:::photos/{escape(key)}"

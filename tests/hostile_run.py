"""Records of a run whose every text is an attack on who looks at it: markup, quotes, templates, signs that turn the
direction of text, megabytes. One call among them is plain, so that a test can see that the page is there at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from support import ACCOUNT, REGION, iam_user, record

CANARY: Final = "window.canary=1"
"""What the attacks try to run."""

ATTACKS: Final = {
    "script": f"<script>{CANARY}</script>",
    "image": f"<img src=x onerror={CANARY}>",
    "drawing": f"<svg/onload={CANARY}>",
    "quote": f'"onmouseover="{CANARY}" autofocus onfocus="{CANARY}',
    "apostrophe": f"'onfocus='{CANARY}' autofocus='",
    "style": f"</style><script>{CANARY}</script>",
    "end": f"</script><script>{CANARY}</script>",
    "title": f"</title></textarea><script>{CANARY}</script>",
    "comment": f"--><script>{CANARY}</script><!--",
    "link": f"javascript:{CANARY}",
    "fetch": "<link rel=stylesheet href=http://192.0.2.1/x.css><iframe src=http://192.0.2.1/></iframe>",
    "refresh": "<meta http-equiv=refresh content='0;url=http://192.0.2.1/'>",
    "template": "{{ 7*7 }}{% raw %}${7*7}#{7*7}",
    "reference": "&lt;script&gt;&amp;&#60;",
    "override": "abc\u202egnp.exe\u2066",
    "control": "a\x00b\x1b[31mc\x07\u2028d\x7f",
    "half": "a\ud800b",
}
"""Each with its name."""

MEGABYTE: Final = "<b>" + "A" * 1_000_000
SERVICE: Final = ATTACKS["script"]
KNOWN: Final = ("s3:CreateBucket", "arn:aws:s3:::a-plain-bucket")
"""The permission of the plain call."""


def hostile_records() -> Iterator[dict[str, Any]]:
    """The records, all of one user."""
    yield record("CreateBucket", "s3.amazonaws.com", request={"bucketName": "a-plain-bucket"})
    for number, (name, attack) in enumerate(ATTACKS.items()):
        time = f"2026-11-24T08:00:{number:02}Z"
        yield record(
            "CreateTable", "dynamodb.amazonaws.com", request={"tableName": attack}, time=time, userAgent=attack
        )
        yield record(f"Make{attack}", f"{name}.amazonaws.com", time=time)
        yield _denied(f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{attack}", attack, time)
    yield record("DescribeTable", "dynamodb.amazonaws.com", request={"tableName": "t"}, userAgent=MEGABYTE)
    yield record("DeleteTable", "dynamodb.amazonaws.com", request={"tableName": "t"}, error=MEGABYTE)
    yield record(MEGABYTE, "kettle.amazonaws.com")
    yield record("ListTables", MEGABYTE)


def _denied(arn: str, attack: str, time: str) -> dict[str, Any]:
    caller = iam_user()["arn"]
    message = (
        f"User: {caller} is not authorized to perform: dynamodb:PutItem on resource: {arn} because no "
        f"identity-based policy allows the dynamodb:PutItem action {attack}"
    )
    return record(
        "PutItem", "dynamodb.amazonaws.com", time=time, error="AccessDeniedException", message=message, request=None
    )

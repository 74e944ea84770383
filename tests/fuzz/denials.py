"""Denials: the message of a refused call, which AWS writes and a caller's names stand in."""

from __future__ import annotations

import json
from typing import Final

from support import record

from fuzz.harness import text_of
from tracer.model.record import Record
from tracer.reduce.denials import denials_of, is_denied, needed_by, read_message, remarks_on
from tracer.reduce.inventory import Notes
from tracer.reduce.mapping import NoPermission, map_record
from tracer.reduce.parse import parse

_REFUSED: Final = record(
    "PutObject", "s3.amazonaws.com", request={"bucketName": "orders", "key": "a"}, error="AccessDenied"
)


def target(data: bytes) -> int:
    """One execution. Raises on anything but what a message can say."""
    text = text_of(data)
    message = read_message(text)
    assert message.resource is None or message.resource in text
    assert message.action is None or message.action.text.lower() in text.lower()
    denial = parse(json.dumps(_REFUSED | {"errorMessage": text}).encode())
    assert isinstance(denial, Record)
    assert is_denied(denial)
    mapped = map_record(denial, Notes().inventory({}))
    assert not isinstance(mapped, NoPermission)
    assert list(denials_of(denial, "arn:aws:iam::123456789012:user/deployer", mapped))
    needed_by(denial, mapped)
    list(remarks_on(denial, mapped))
    return 1

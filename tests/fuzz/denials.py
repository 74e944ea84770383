"""Denials: the message of a refused call, which AWS writes and a caller's names stand in."""

from __future__ import annotations

import functools
import json
from typing import Final

from support import record

from fuzz.harness import text_of
from tracer.model.record import Record
from tracer.reduce.actions import NoPermission, Unknown
from tracer.reduce.denials import denials_of, is_denied, needed_by, read_message, remarks_on
from tracer.reduce.inventory import Notes
from tracer.reduce.mapping import Mapped, map_record
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
    assert list(denials_of(denial, "arn:aws:iam::123456789012:user/deployer", _mapped()))
    needed_by(denial, _mapped())
    list(remarks_on(denial, _mapped()))
    return 1


@functools.cache
def _mapped() -> Mapped | Unknown:
    """What the call needs, whatever the message."""
    refused = parse(_REFUSED)
    assert isinstance(refused, Record)
    mapped = map_record(refused, Notes().inventory({}))
    assert not isinstance(mapped, NoPermission)
    return mapped

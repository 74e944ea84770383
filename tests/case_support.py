"""The cases of `tests/cases`, and the record of a call as one states it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from support import PROJECT, forwarded, iam_user, record

HERE = PROJECT / "tests/cases"


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its id (`FOLDER/FILE/NAME`), the service that its folder is named for, and what its file states."""

    id: str
    service: str
    content: Mapping[str, Any]

    @property
    def record(self) -> dict[str, Any]:
        """The call that the case is about."""
        return raw(self.content, self.service, "2026-11-24T08:30:00Z")

    @property
    def before(self) -> list[dict[str, Any]]:
        """The other calls of the same caller."""
        return [raw(call, self.service, "2026-11-24T08:00:00Z") for call in self.content.get("before", [])]


def cases() -> Iterator[Case]:
    for file in sorted(HERE.glob("*/*.json")):
        service = file.parent.name
        for content in json.loads(file.read_text(encoding="utf-8")):
            yield Case(f"{service}/{file.stem}/{content['name']}", service, content)


def raw(call: Mapping[str, Any], service: str, time: str) -> dict[str, Any]:
    fields = dict(call.get("fields", {}))
    if "via" in call:
        fields = forwarded(iam_user(), call["via"]) | fields
    identity = fields.pop("userIdentity", None)
    return record(
        call["event"],
        call.get("eventSource", f"{service}.amazonaws.com"),
        user=identity,
        time=time,
        region=call.get("region", "us-east-1"),
        request=call.get("request"),
        response=call.get("response"),
        error=call.get("error"),
        message=call.get("message"),
        **fields,
    )

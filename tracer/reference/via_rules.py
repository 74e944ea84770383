"""The condition keys that a forwarded call carries (`data/overrides/via.json`): one row a service and key."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class ViaRule:
    """A key that calls to `service` have when another service makes them.

    Attributes:
        service: the IAM prefix of the call.
        on: the resources that have the key, by how the resource part of their ARN begins: a regular expression.
        operator, key: of the condition.
        value: with ${Service}, ${Region} and ${Domain} for the forwarding service's name, the record's region,
        amazonaws.com.
        context: for calls whose record names the service as `AWS Internal`: the key of the encryption context that only
        one service gives; None for the rule about calls whose service is named.
    """

    service: str
    on: re.Pattern[str]
    operator: str
    key: str
    value: str
    why: str
    source: str
    context: str | None = None


@functools.cache
def rules() -> tuple[ViaRule, ...]:
    """Every rule."""
    file = resources.files("tracer.reference") / "data" / "overrides" / "via.json"
    return tuple(ViaRule(**row | {"on": re.compile(row["on"])}) for row in json.loads(file.read_text(encoding="utf-8")))

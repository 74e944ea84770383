"""The HTTP verbs and paths of API Gateway's two APIs, from botocore's models (`data/upstream/operations`)."""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

V1: Final = "2015-07-09"
"""The API version of REST APIs, as records have it in `apiVersion`."""
V2: Final = "2018-11-29"
"""The API version of HTTP and WebSocket APIs."""

_FILES: Final = (("apigateway", V1), ("apigatewayv2", V2))


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        name: `CreateDeployment`.
        method: its HTTP verb.
        uri: its path, with `{labels}`.
        api_version: V1 or V2.
    """

    name: str
    method: str
    uri: str
    api_version: str


def named(name: str) -> tuple[Operation, ...]:
    """The operations of this name: none, one, or one of each API."""
    return _by_name().get(name, ())


def sent_with(method: str) -> tuple[str, ...]:
    """The names of the operations of either API that are sent with an HTTP verb, sorted."""
    return tuple(sorted(name for name, found in _by_name().items() if method in {item.method for item in found}))


@functools.cache
def _by_name() -> Mapping[str, tuple[Operation, ...]]:
    found: defaultdict[str, tuple[Operation, ...]] = defaultdict(tuple)
    folder = resources.files("tracer.reference") / "data" / "upstream" / "operations"
    for file, version in _FILES:
        data: dict[str, dict[str, str]] = json.loads((folder / f"{file}.json").read_text(encoding="utf-8"))
        for name, item in data.items():
            found[name] += (Operation(name, item["method"], item["uri"], version),)
    return dict(found)

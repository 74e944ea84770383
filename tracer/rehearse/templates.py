"""Templates in data: texts that are filled from a call's parameters, `arn:{partition}:s3:::{.Bucket}`.

`{partition}`, `{region}`, `{account}` and `{caller}` (its ARN) are the call's; `{.A.B}` is parameter A's member B, in
botocore's spelling; `{item}` and `{item.A}` are of the item of a list that is being gone through; `{...|WORD}` goes
through one of the functions of `words.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tracer.errors import RehearseError
from tracer.rehearse.call import Call
from tracer.rehearse.words import WORDS, State

_PLACEHOLDER: Final = re.compile(r"\{([^{}|]+)(?:\|(\w+))?\}")


class Absent(LookupError):
    """A parameter that a template names is not in the call."""


def filled(template: str, call: Call, state: State, item: object = None) -> str:
    """A template, filled. Raises Absent."""

    def fill(found: re.Match[str]) -> str:
        value = value_of(found[1], call, item)
        if value is None:
            raise Absent(found[1])
        return WORDS[found[2]](str(value), call, state) if found[2] else str(value)

    return _PLACEHOLDER.sub(fill, template)


def value_of(path: str, call: Call, item: object = None) -> object:
    """What a path names: None where there is nothing.

    Raises:
        RehearseError: paths do not begin so.
    """
    first, *rest = path.split(".")
    value: object
    match first:
        case "":
            value = call.params
        case "item":
            value = item
        case "partition":
            value = call.caller.partition
        case "region":
            value = call.region
        case "account":
            value = call.caller.account
        case "caller":
            value = call.caller.arn
        case _:
            raise RehearseError(f"`{path}` in a template for {call.name} names nothing")
    for name in rest:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value

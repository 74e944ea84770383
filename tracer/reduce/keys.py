"""Under which keys of a request may a variable of an ARN stand? `${FunctionName}` under `functionName`, for one.

The general rule, from the variable's own name and its resource type's; where a service has other keys, the form says
so (`tracer.reference.arn_forms`). Keys are in their normal form (`tracer.reduce.request.normal`).
"""

from __future__ import annotations

import functools
import re
from typing import Final

from tracer.reduce.request import normal
from tracer.reference.arn_forms import ArnForm

SUBJECT_KEYS: Final = ("arn", "resourcearn", "resource", "resourceid", "name", "id", "identifier")
"""What a request calls the one thing that it is about."""

_OTHER_ENDING: Final = {"name": "id", "id": "name"}

_VAGUE: Final = frozenset({"", "id", "name", "arn", "resource", "resourceid", "resourcearn", "resourcename"})
"""Keys that say nothing about what they name; they count at the top of a request alone (SUBJECT_KEYS)."""


@functools.lru_cache(maxsize=8192)
def keys_of_variable(form: ArnForm, variable: str) -> tuple[str, ...]:
    """The keys that a variable's value may stand under, by its own name and its type's: `functionname`,
    `functionarn`...

    A variable that ends in Name is not filled from an id, nor the other way round: they are different things.
    """
    own = normal(variable)
    stems = (_stem(own), normal(form.type)) if variable == form.variables[-1] else (_stem(own),)
    ends = ("", "name", "arn", "identifier", "id")
    found = (own, *(stem + end for stem in stems for end in ends if end != _OTHER_ENDING.get(_ending(own))))
    return tuple(dict.fromkeys(name for name in found if name not in _VAGUE))


@functools.lru_cache(maxsize=1024)
def subject_keys(variable: str) -> tuple[str, ...]:
    """What a request may call the one thing that it is about, where this variable is its name or id."""
    own = normal(variable)
    ending = _ending(own)
    return tuple(
        key for key in SUBJECT_KEYS if key != _OTHER_ENDING.get(ending) and (key != "name" or ending or own in _VAGUE)
    )


def _ending(name: str) -> str:
    """Whether a variable is a name or an id, by its ending; `""` where it does not say."""
    bare = re.sub(r"(withpath|withoutleadingslash)$", "", name)
    return next((end for end in ("name", "id") if bare.endswith(end)), "")


def _stem(name: str) -> str:
    bare = re.sub(r"(withpath|withoutleadingslash)$", "", name)
    return re.sub(r"(name|id|arn|identifier)$", "", bare)

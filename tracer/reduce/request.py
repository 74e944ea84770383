"""Reading a record's parameters, whose keys services spell each in their own way.

`functionName`, `FunctionName` and `arn`, `aRN`, `ARN` name the same things in different services' records, so keys are
compared without case and without punctuation.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tracer.model.arn import Arn
from tracer.model.record import Record
from tracer.reference import overrides

MASKS: Final = frozenset({"HIDDEN_DUE_TO_SECURITY_REASONS", "***", "<hidden>"})
"""What stands in a record where the service hid a value."""

_STEP: Final = re.compile(r"(?P<key>[^*{|]+)(?:\{(?P<test>\w+)=(?P<value>[^}]+)\})?(?:\|(?P<other>.+))?")
_WRAPPERS: Final = frozenset({"content", "item", "items", "member"})
"""Keys that only wrap what stands under the key above: `instancesSet.items[]`, `FlowLogId.content`."""

TOKENS: Final = frozenset(
    {"clientrequesttoken", "clienttoken", "creationtoken", "idempotencytoken", "nexttoken", "requesttoken"}
)
"""Keys, in their normal form, under which a request says nothing of what it is about: which call it repeats
(https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html), which page of an answer it asks for."""

OBJECT: Final = (dict, Mapping)
"""What an object of JSON is; nearly always a dict, and that is told in no time."""

_MAX_DEPTH: Final = 12
_MAX_LEAVES: Final = 5_000


@functools.lru_cache(maxsize=16_384)
def normal(key: str) -> str:
    """A key without case and punctuation."""
    return re.sub(r"[^a-z0-9]", "", key.lower())


def lookup(parameters: object, path: str) -> Iterator[str]:
    """The strings at `path` in `parameters`, in order; lists on the way are entered.

    Path: keys joined by dots; `*` for every key, and `@keys` for the keys themselves. `target.roleArn`,
    `targets.roleArn` (a list of targets), `roles.*`, and `patchOperations{path=/cloudwatchRoleArn}.value` for the one
    object of a list that has this value. `entries.eventBusName|default` is `default` for each entry without the key.
    """
    found: list[str] = []
    _walk(parameters, _steps(path), found)
    return iter(found)


def first_key(path: str) -> str | None:
    """The key that a path begins with, in its normal form; None where it begins with every key, or their names."""
    step = _steps(path)[0]
    return None if step.names else step.key


@dataclass(frozen=True, slots=True)
class _Step:
    """One key of a path.

    Attributes:
        key: the key in its normal form; None for every key.
        names: whether the keys themselves are meant.
        test: which object of a list is meant: the one with this value at this path, and the value.
        other: what stands for a value that is not there.
    """

    key: str | None
    names: bool = False
    test: tuple[str, str] | None = None
    other: str | None = None


@functools.lru_cache(maxsize=16_384)
def _steps(path: str) -> tuple[_Step, ...]:
    return tuple(map(_step, path.split(".")))


def _step(text: str) -> _Step:
    match = _STEP.fullmatch(text)
    if match is None:
        return _Step(None)
    test = (match["test"], match["value"]) if match["test"] else None
    return _Step(normal(match["key"]), text == "@keys", test, match["other"])


def _walk(value: object, steps: tuple[_Step, ...], found: list[str]) -> None:
    """Add the strings at the end of `steps` below `value` to `found`."""
    if isinstance(value, list):
        for item in value:
            _walk(item, steps, found)
    elif not steps:
        text = _scalar(value)
        if text:
            found.append(text)
        elif isinstance(value, OBJECT) and set(value) == {"items"}:
            _walk(value["items"], steps, found)
    elif isinstance(value, OBJECT):
        step, rest = steps[0], steps[1:]
        if step.names and not rest:
            found += [key for key in map(str, value) if key]
            return
        below = [item for key, item in value.items() if step.key is None or normal(str(key)) == step.key]
        for item in below:
            _walk(_chosen(item, step), rest, found)
        if step.other and not any(map(_filled, below)):
            found.append(step.other)


def _chosen(item: object, step: _Step) -> object:
    """The objects of a list that a step's test picks; anything else as it is."""
    if step.test is None or not isinstance(item, list):
        return item
    path, value = step.test
    return [one for one in item if value in lookup(one, path)]


def has(parameters: object, path: str) -> bool:
    """Whether something that is not empty stands at `path`: a text, a number, or an object or list that holds one."""
    return _has(parameters, _steps(path))


def _has(value: object, steps: tuple[_Step, ...]) -> bool:
    if isinstance(value, list):
        return any(_has(item, steps) for item in value)
    if not isinstance(value, OBJECT):
        return False
    step, rest = steps[0], steps[1:]
    found = [item for key, item in value.items() if step.key is None or normal(str(key)) == step.key]
    return any(_has(item, rest) if rest else _filled(item) for item in found)


def _filled(value: object) -> bool:
    if isinstance(value, OBJECT):
        return any(_filled(item) for item in value.values())
    if isinstance(value, list):
        return any(map(_filled, value))
    return value not in (None, "", False)


def _scalar(value: object) -> str | None:
    """A string or a whole number (a layer's version) as text; None for what is empty, hidden or neither."""
    if isinstance(value, str):
        return value if value and value not in MASKS else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def leaves(parameters: Mapping[str, Any] | None) -> list[tuple[str, int, str]]:
    """(normal key, depth, value) of every string and whole number in `parameters`, breadth first; a list's items have
    the list's key.

    Bounded in depth and number: parameters are written by whoever makes the call.
    """
    found: list[tuple[str, int, str]] = []
    level: list[tuple[str, Any]] = [("", parameters)] if parameters else []
    for depth in range(_MAX_DEPTH):
        below: list[tuple[str, Any]] = []
        for key, value in level:
            text = _scalar(value)
            if text:
                found.append((key, depth, text))
            elif isinstance(value, list):
                below += [(key, item) for item in value]
            elif isinstance(value, OBJECT):
                below += [(_key(name, key), item) for name, item in value.items()]
            if len(found) + len(below) > _MAX_LEAVES:
                return found
        level = below
    return found


class Leaves:
    """The leaves of a request or a response.

    Attributes:
        all: each leaf as `leaves` gives it.
        by_key: (depth, value) of the leaves under each key, in the same order.
        arns: (key, depth, ARN) of those that are one.
    """

    __slots__ = ("_at", "_nested", "all", "arns", "by_key")

    def __init__(self, nested: Mapping[str, Any] | None) -> None:
        self._nested = nested
        self._at: dict[str, list[str]] = {}
        self.all = leaves(nested)
        self.by_key: dict[str, list[tuple[int, str]]] = {}
        for key, depth, value in self.all:
            self.by_key.setdefault(key, []).append((depth, value))
        self.arns = [(key, depth, arn) for key, depth, value in self.all if (arn := Arn.find(value))]

    def at(self, path: str) -> list[str]:
        """The strings at a path, as `lookup` gives them. Many types of one action may ask for the same."""
        found = self._at.get(path)
        if found is None:
            found = self._at[path] = list(lookup(self._nested, path))
        return found

    def under(self, name: str) -> list[tuple[int, str]]:
        """(depth, value) of the leaves under a key, or under its plural, the outermost first."""
        plural = name + "s"
        one, many = self.by_key.get(name, []), self.by_key.get(plural, [])
        if one and many:
            return [(depth, value) for key, depth, value in self.all if key in (name, plural)]
        return one or many


def told(parameters: object, read: Collection[str] | None) -> str:
    """What a request says of what it is about, as text: equal for requests that differ in members alone that nobody
    reads.

    Args:
        parameters: the request.
        read: the keys that are read, in their normal form; None: all but those of `TOKENS`.
    """
    if not isinstance(parameters, OBJECT):
        return repr(parameters)
    return repr({key: value for key, value in parameters.items() if _tells(key, value, read)})


def _tells(key: str, value: object, read: Collection[str] | None) -> bool:
    """Whether a member of a request may say what it is about: an object, a list, an ARN, or what is read by its key."""
    if isinstance(value, str):
        if value.startswith("arn:"):
            return True
    elif value is not None and not isinstance(value, (int, float)):
        return True
    return normal(key) not in TOKENS if read is None else normal(key) in read


def _key(name: str, parent: str) -> str:
    """A member's key; what only wraps keeps the key above it."""
    return parent if name in _WRAPPERS and parent else normal(str(name))


def plain_event(record: Record) -> str:
    """The event name without the version suffix that Lambda's and CloudFront's carry."""
    return overrides.plain_name(record.service, record.event_name)


def role_name(name_or_arn: str) -> str:
    """A role's name, of its ARN or of itself."""
    return name_or_arn.rpartition("/")[2]

"""What of a document may be somebody's: which fields, which keys, and what is prose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Change = Callable[[str], str]
"""What is done to a text."""

_RECORD: Final = frozenset(
    {
        "apiVersion", "awsRegion", "errorCode", "eventCategory", "eventID", "eventName", "eventSource", "eventTime",
        "eventType", "eventVersion", "requestID", "sharedEventID", "userIdentity.invokedBy",
        "userIdentity.sessionContext.sessionIssuer.type", "userIdentity.type", "resources.type",
    }
)  # fmt: skip
"""The fields of a record that AWS alone fills:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html."""
_TRACE: Final = frozenset(
    {
        "denied.action", "denied.cause", "denied.error", "denied.events", "denied.first", "denied.last",
        "denied.read_from", "findings.code", "findings.event_name", "findings.event_source", "findings.events",
        "findings.severity", "permissions.action", "permissions.basis", "permissions.events", "permissions.first",
        "permissions.last", "permissions.rule", "permissions.section", "permissions.via", "permissions.widened.part",
        "permissions.widened.rule", "run.partition", "run.regions", "run.since", "run.until",
    }
)  # fmt: skip
"""The fields of a trace that tracer alone fills."""
_POLICY: Final = frozenset({"Statement.Action", "Statement.Effect", "Statement.NotAction", "Version"})
_PROSE: Final = frozenset({"findings.message"})
"""What tracer itself says: an ARN or a path in it is read as everywhere; a word that stands nowhere else is left."""

_FREE_KEYS: Final = re.compile(
    r"tags?|tagset|tagging|labels?|variables|environment|parameters|metadata|stagevariables", re.IGNORECASE
)
_PLAIN_KEY: Final = re.compile(r"[A-Za-z]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through a document: what is done to texts, to prose and to the keys that people choose.

    Attributes:
        stays: the fields that are left as they are, by their paths.
        prose: those that tracer wrote.
        name: what is done to a text that may hold names.
        told: what is done to prose.
    """

    stays: frozenset[str]
    prose: frozenset[str]
    name: Change
    told: Change

    def through(self, value: Any, path: str = "", *, free: bool = False) -> Any:  # noqa: ANN401 - JSON
        """The value at a path with its texts changed; `free`: people choose its keys."""
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, list):
            return [self.through(item, path, free=free) for item in value]
        if isinstance(value, Mapping):
            return {
                self._key(key, free=free): self.through(
                    item, f"{path}.{key}" if path else key, free=bool(_FREE_KEYS.fullmatch(key))
                )
                for key, item in value.items()
            }
        return value

    def _text(self, text: str, path: str) -> str:
        if path in self.stays:
            return text
        return self.told(text) if path in self.prose else self.name(text)

    def _key(self, key: str, *, free: bool) -> str:
        """A parameter's name stays, a condition's as far as it is AWS's (`aws:ResourceTag/team`)."""
        if free:
            return self.name(key)
        if _PLAIN_KEY.fullmatch(key):
            return key
        head, slash, tail = key.partition("/")
        return head + slash + self.name(tail) if ":" in head else self.name(key)


def walk(document: Mapping[str, Any], name: Change, told: Change) -> Mapping[str, Any]:
    """A record, a trace or a policy with its texts changed."""
    if "permissions" in document:
        way = Walk(_TRACE, _PROSE, name, told)
    else:
        way = Walk(_POLICY if "Statement" in document else _RECORD, frozenset(), name, told)
    changed: Mapping[str, Any] = way.through(document)
    return changed


def texts(value: object) -> Iterator[str]:
    """Every text in a document, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from texts(item)

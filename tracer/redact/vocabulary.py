"""The words that AWS and the Serverless Framework define, and that therefore tell nothing about whose a run is.

Only those of the services that a run is about: `orders` is a word of some service's ARNs, and a good name elsewhere.
They are gathered, not listed: the service's prefix, what stands in the forms of its ARNs, and what the hand-kept rows
of `reference/data/overrides` look for in its calls. What those do not have is in `words.json`: the words of policies,
of AWS's messages, of the framework and of user agents, each list with its source.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from tracer.reference import overrides, table

SHORTEST: Final = 3
"""How many letters a word has at least to be a name; what is shorter stays as it is."""

_RUN: Final = re.compile(r"[^\W\d_]+")
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]")
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_PROSE: Final = frozenset({"why", "source", "note"})
"""The keys of a row under which people are spoken to."""

_FOR_ALL: Final = ("inferred", "generated.json", "via.json")
"""What of the hand-kept rows is not of one service."""


def parts(run: str) -> Iterator[str]:
    """The words of a run of letters that is written in camel case."""
    yield from _PART.findall(run)


def vocabulary(services: frozenset[str]) -> frozenset[str]:
    """The words, in lower case, that are defined where a run is about these services, by their IAM prefixes.

    A service that AWS has not has no words: what a log says of itself is not to be trusted.
    """
    texts = [*_of_lists()]
    for service in sorted(services.intersection(table.services())):
        texts += (service, *_of_arns(service), *_of_overrides(service))
    return _common() | _words(texts)


@functools.cache
def hosts() -> frozenset[str]:
    """The first labels of services' host names, as in `lambda.amazonaws.com`."""
    return frozenset((*table.services(), *(name for row in overrides.source_rows() for name in row.event_sources)))


@functools.cache
def _common() -> frozenset[str]:
    return _words(text for name in _FOR_ALL for text in _strings_below(_folder() / name))


def _words(texts: Iterator[str] | list[str]) -> frozenset[str]:
    runs = {run for text in texts for run in _RUN.findall(text)}
    words = {word.lower() for run in runs for word in (run, *parts(run))}
    return frozenset(word for word in words if len(word) >= SHORTEST)


def _of_arns(service: str) -> Iterator[str]:
    known = table.service(service)
    for templates in known.resource_types.values() if known else ():
        yield from (_VARIABLE.sub(" ", template) for template in templates)


def _of_overrides(service: str) -> Iterator[str]:
    for kind in ("events", "implied", "lifecycle", "resources"):
        file = _folder() / kind / f"{service}.json"
        if file.is_file():
            yield from _strings_below(file)


def _of_lists() -> Iterator[str]:
    rows = json.loads((resources.files("tracer.redact") / "words.json").read_text(encoding="utf-8"))
    yield from (row["words"] for row in rows)


def _folder() -> Traversable:
    return resources.files("tracer.reference") / "data" / "overrides"


def _strings_below(item: Traversable) -> Iterator[str]:
    if item.is_dir():
        for below in item.iterdir():
            yield from _strings_below(below)
    else:
        yield from _strings(json.loads(item.read_text(encoding="utf-8")))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in _PROSE:
                yield key
                yield from _strings(item)

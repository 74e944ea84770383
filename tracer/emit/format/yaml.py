"""`yaml_lines`: strings, lists and mappings as block YAML.

So much of YAML as policies need, and no library for it. A text stands bare where nothing in YAML could take it for
something else: it begins with a letter, it is no word for a boolean or null in any version of YAML, and its signs have
no meaning inside of a word (a `:` with something behind it has none). Every other is quoted. A mapping's key must be
shorter than 1,024 signs, as YAML has it (https://yaml.org/spec/1.2.2/#single-pair-explicit-entry).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tracer.emit.format.quoting import quoted

Yaml = str | Sequence["Yaml"] | Mapping[str, "Yaml"]
"""What can be written."""

_BARE: Final = re.compile(r"[A-Za-z][A-Za-z0-9:/.*_-]*[A-Za-z0-9*/_-]")
_WORDS: Final = frozenset({"yes", "no", "on", "off", "true", "false", "null"})
"""What YAML 1.1 reads as another thing than a text, of the words that _BARE admits (https://yaml.org/type/bool.html)."""


def yaml_lines(value: Yaml) -> Iterator[str]:
    """The lines of `value`, none of them indented from outside."""
    if isinstance(value, str):
        yield scalar(value)
    elif not value:
        yield "{}" if isinstance(value, Mapping) else "[]"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _entry(f"{scalar(key)}:", item)
    else:
        for item in value:
            first, *others = yaml_lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)


def _entry(key: str, item: Yaml) -> Iterator[str]:
    if isinstance(item, str) or not item:
        yield f"{key} {next(yaml_lines(item))}"
    else:
        yield key
        yield from (f"  {line}" for line in yaml_lines(item))


def scalar(text: str) -> str:
    """`text` as it stands in a line of YAML."""
    return text if _BARE.fullmatch(text) and text.lower() not in _WORDS else quoted(text)

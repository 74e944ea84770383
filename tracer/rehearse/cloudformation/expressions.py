"""The words that rows are written in: JMESPath, and a few functions more.

Expressions name what is known when a call is made (`new.FunctionName`, `answers.CreateRole.Role.Arn`); what there is to
name is told in `rows.py`. https://jmespath.org/specification.html
"""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import jmespath
from jmespath import functions
from jmespath.parser import ParsedResult

from tracer.errors import RehearseError

Value: TypeAlias = Any
"""What JSON can hold: properties of templates, parameters of calls."""


def evaluate(expression: str, known: Mapping[str, Value]) -> Value:
    """What an expression stands for; None where what it names is not there.

    Args:
        expression: JMESPath.
        known: the values that it may name.

    Raises:
        RehearseError: it is none, or what it names is of another kind than it takes.
    """
    try:
        return _compiled(expression).search(known, options=_OPTIONS)
    except jmespath.exceptions.JMESPathError as error:
        raise RehearseError(
            f"`{expression}` in a row of CloudFormation's calls cannot be evaluated: {error}",
            "mend the row in tracer/rehearse/cloudformation/types",
        ) from error


@functools.cache
def _compiled(expression: str) -> ParsedResult:
    return jmespath.compile(expression)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


class _Functions(functions.Functions):
    """`without(list, other)`, `unnamed(list, other, key)`, `where(list, key, value)`, `pick(object, names)`,
    `tag_map(tags)`, `parameters(map)`, `part(text, separator, index)`, `patches(new, old, names)`,
    `archive(code, runtime)`.
    """

    @functions.signature({"types": ["array", "null"]}, {"types": ["array", "null"]})
    def _func_without(self, items: Sequence[Any] | None, other: Sequence[Any] | None) -> list[Any]:
        """What of a list is not in another."""
        return [item for item in items or () if item not in (other or ())]

    @functions.signature({"types": ["array", "null"]}, {"types": ["array", "null"]}, {"types": ["string"]})
    def _func_unnamed(self, items: Sequence[Any] | None, other: Sequence[Any] | None, key: str) -> list[Any]:
        """What of a list has a name, under the key, that nothing in another list has."""
        names = [item.get(key) for item in other or ()]
        return [item for item in items or () if item.get(key) not in names]

    @functions.signature({"types": ["object", "null"]}, {"types": ["array"]})
    def _func_pick(self, properties: Mapping[str, Any] | None, names: Sequence[str]) -> dict[str, Any]:
        """The properties of these names that are there."""
        return {name: (properties or {})[name] for name in names if name in (properties or {})}

    @functions.signature({"types": ["array", "null"]}, {"types": ["string"]}, {"types": []})
    def _func_where(self, items: Sequence[Any] | None, key: str, value: Value) -> list[Any]:
        """What of a list has this value under the key: a filter's own value cannot be an expression."""
        return [item for item in items or () if item.get(key) == value]

    @functions.signature({"types": ["array", "null"]})
    def _func_tag_map(self, tags: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
        """Tags as a map of keys to values."""
        return {tag["Key"]: tag["Value"] for tag in tags or ()}

    @functions.signature({"types": ["object", "null"]})
    def _func_parameters(self, values: Mapping[str, Value] | None) -> list[dict[str, str]]:
        """A nested stack's parameters, as CreateStack takes them."""
        return [{"ParameterKey": key, "ParameterValue": _text(value)} for key, value in (values or {}).items()]

    @functions.signature({"types": ["string", "null"]}, {"types": ["string", "null"]})
    def _func_archive(self, code: str | None, runtime: str | None) -> bytes | None:
        """A function's code that stands in the template, as the archive that CloudFormation makes of it.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-lambda-function-code.html
        """
        if code is None:
            return None
        content = io.BytesIO()
        name = "index.js" if str(runtime).startswith("nodejs") else "index.py"
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(zipfile.ZipInfo(name), code)
        return content.getvalue()

    @functions.signature({"types": ["string", "null"]}, {"types": ["string"]}, {"types": ["number"]})
    def _func_part(self, text: str | None, separator: str, index: int) -> str | None:
        """A part of a text, counted from 0, or backwards from -1."""
        return None if text is None else text.split(separator)[int(index)]

    @functions.signature({"types": ["object", "null"]}, {"types": ["object", "null"]}, {"types": ["array"]})
    def _func_patches(
        self, new: Mapping[str, Any] | None, old: Mapping[str, Any] | None, names: Sequence[str]
    ) -> list[dict[str, str]]:
        """API Gateway's patch operations for those of the named properties that changed.

        https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
        """
        now, before = new or {}, old or {}
        return [
            {"op": "replace", "path": f"/{_lower(name)}", "value": _text(now[name])}
            for name in names
            if name in now and now[name] != before.get(name)
        ]


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_OPTIONS = jmespath.Options(custom_functions=_Functions())

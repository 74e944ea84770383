"""Statements as a CloudFormation template holds them, which may be deployed in another account or region.

Where a part of an ARN is the run's own partition, region or account, it becomes the pseudo parameter of that name
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html), and so does the region
in the name of a service (`s3.us-east-1.amazonaws.com`, a value of kms:ViaService). Where the run had several regions,
none of them is its own. What stands in names stays: nobody can tell there whether `us-east-1` is a region.

Deployed where the run was, the template says what the policy said:

- `${` in a text is IAM's (`${aws:username}`), and would be read as Fn::Sub's: "To write a dollar sign and curly braces
  (${}) literally, add an exclamation point (!) after the open curly brace"
  (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html). So a
  text that holds one is always an Fn::Sub; the Serverless Framework, whose own variables begin likewise, leaves
  `${!...}` alone.
- A `${` that nothing closes, or that holds a `!` or a brace itself, has no such escape, and one behind a backslash is
  an escape of the Serverless Framework's: Fn::Join puts the two signs together where nobody looks for variables.
"""

from __future__ import annotations

import re
from typing import Final

from tracer.emit.format.yaml import Yaml
from tracer.model.arn import ArnPattern
from tracer.model.policy import Statement
from tracer.model.trace import RunFacts

_ARN_PARTS: Final = 6
_VARIABLE: Final = re.compile(r"\$\{(?=[^{}!]+\})")
"""The beginning of what Fn::Sub can be told to leave alone."""


def statement_template(statement: Statement, run: RunFacts, *, lists: bool = False) -> dict[str, Yaml]:
    """`statement` with pseudo parameters; with `lists`, of actions and of resources also a single one is in a list."""
    block: dict[str, Yaml] = {}
    for element, value in statement.to_json().items():
        match element:
            case "Resource" | "NotResource" | "Action" | "NotAction":
                texts = [value] if lists and isinstance(value, str) else value
                block[element] = texts if element.endswith("Action") else _templates(texts, run)
            case "Condition":
                block[element] = {
                    operator: {key: _templates(values, run) for key, values in keys.items()}
                    for operator, keys in value.items()
                }
            case _:
                block[element] = value
    return block


def _templates(texts: str | list[str], run: RunFacts) -> Yaml:
    return template(texts, run) if isinstance(texts, str) else [template(text, run) for text in texts]


def template(text: str, run: RunFacts) -> Yaml:
    """`text` as it is where it needs nothing, or the intrinsic function whose value it is where the run was."""
    escaped = _VARIABLE.sub("${!", text)
    if escaped.count("${") > escaped.count("${!") or "${!" in text or "\\${" in text:
        return {"Fn::Join": ["", re.split(r"(?<=\$)(?=\{)", text)]}
    parametrised = _in_arn(escaped, run) or _in_service_name(escaped, run) or escaped
    return {"Fn::Sub": parametrised} if "${" in parametrised else text


def _in_arn(text: str, run: RunFacts) -> str | None:
    parts = list(ArnPattern(text).segments)
    if len(parts) != _ARN_PARTS or parts[0] != "arn" or ":".join(parts) != text:
        return None
    owns = ((1, run.partition, "Partition"), (3, _only(run.regions), "Region"), (4, _only(run.accounts), "AccountId"))
    for place, own, parameter in owns:
        if own and parts[place] == own:
            parts[place] = f"${{AWS::{parameter}}}"
    return ":".join(parts)


def _in_service_name(text: str, run: RunFacts) -> str | None:
    service, _, rest = text.partition(".")
    region, _, suffix = rest.partition(".")
    if region and region == _only(run.regions) and suffix in ("amazonaws.com", "amazonaws.com.cn"):
        return f"{service}.${{AWS::Region}}.{suffix}"
    return None


def _only(values: tuple[str, ...]) -> str | None:
    return values[0] if len(values) == 1 else None

"""Terraform: the policy as an aws_iam_policy_document data source, and the resource that makes it one of AWS's.

The resource is an aws_iam_policy, or for inline policies an aws_iam_role_policy, aws_iam_user_policy or
aws_iam_group_policy; the files of a folder are one module, so each has names of its own. The layout is that of
`terraform fmt`.

`${` and `%{` begin templates in HCL. A policy variable, `${aws:username}`, is written `$${aws:username}` to be itself;
of any other `${` or `%{` the first sign is escaped by its code
(https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences). Two things cannot pass
through the data source as they are: it reads `&{` as IAM's `${`
(https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document#context-variable-interpolation),
and Terraform brings every text into Unicode's normal form NFC. A policy that holds such a text is written as JSON.
"""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from tracer.emit.baseline import texts
from tracer.emit.draft import Document, Draft
from tracer.emit.format.names import holder, identifier, policy_name
from tracer.emit.format.quoting import quoted
from tracer.emit.pack import Attach
from tracer.model.policy import Policy, Statement

_TEMPLATE: Final = re.compile(r"(?<![$%])\$\{[A-Za-z0-9:/._*?$-]+\}|[$%](?=\{)")
"""A policy variable, or what would begin a template of HCL's."""


@dataclass(frozen=True, slots=True)
class TerraformFormat:
    """HCL."""

    extension: str = "tf"

    def render(self, document: Document, draft: Draft) -> str:
        """The data source and the resource."""
        policy, name = document.policy, identifier(document)
        if all(map(_passes, policy.statements)):
            source = [*_data_source(name, policy), ""]
            value = f"data.aws_iam_policy_document.{name}.json"
        else:
            source = ["# JSON, for it holds texts that a data source would change."]
            value = hcl_string(json.dumps(policy.to_dict()))
        lines = [*source, *_resource(name, document, draft, value)]
        return "".join(f"{line}\n" for line in lines)

    def next_step(self, document: Document, draft: Draft, path: str | None) -> tuple[str, ...]:
        """The command that shows what Terraform would do."""
        folder = shlex.quote(str(PurePath(path).parent)) if path else "FOLDER"
        return (f"terraform -chdir={folder} plan",)


def hcl_string(text: str) -> str:
    """`text` as a quoted string of HCL in which nothing is a template."""
    return _TEMPLATE.sub(_escape, quoted(text))


def _escape(match: re.Match[str]) -> str:
    found = match.group()
    return f"${found}" if found.endswith("}") else f"\\u{ord(found):04x}"


def _passes(statement: Statement) -> bool:
    """Whether the data source takes each text as it is."""
    keys = (key for _, key, _ in statement.conditions.items)
    return all("&{" not in text for text in texts(statement)) and all(map(_is_normal, (*keys, *texts(statement))))


def _is_normal(text: str) -> bool:
    # Half a surrogate pair is no character, and becomes another one.
    return unicodedata.is_normalized("NFC", text) and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _data_source(name: str, policy: Policy) -> Iterator[str]:
    yield f'data "aws_iam_policy_document" "{name}" {{'
    for number, statement in enumerate(policy.statements):
        if number:
            yield ""
        yield "  statement {"
        yield from (f"    {line}".rstrip() for line in _statement(statement))
        yield "  }"
    yield "}"


def _statement(statement: Statement) -> Iterator[str]:
    if statement.sid:
        yield f"sid    = {hcl_string(statement.sid)}"
        yield f"effect = {hcl_string(statement.effect)}"
    else:
        yield f"effect = {hcl_string(statement.effect)}"
    for argument, values in (
        ("actions", statement.actions),
        ("not_actions", statement.not_actions),
        ("resources", statement.resources),
        ("not_resources", statement.not_resources),
    ):
        if values:
            yield ""
            yield from _list(argument, values)
    for operator, key, values in statement.conditions.items:
        yield ""
        yield "condition {"
        yield f"  test     = {hcl_string(operator)}"
        yield f"  variable = {hcl_string(key)}"
        yield from (f"  {line}" for line in _list("values  ", values))
        yield "}"


def _list(argument: str, values: Sequence[str]) -> Iterator[str]:
    if len(values) == 1:
        yield f"{argument} = [{hcl_string(values[0])}]"
        return
    yield f"{argument.rstrip()} = ["
    yield from (f"  {hcl_string(value)}," for value in values)
    yield "]"


def _resource(name: str, document: Document, draft: Draft, value: str) -> Iterator[str]:
    attach = draft.options.attach
    kind = "aws_iam_policy" if attach is Attach.MANAGED else f"aws_iam_{attach}_policy"
    arguments = {"name": hcl_string(policy_name(document, draft))}
    whom = holder(document, attach)
    variable = f"{name}_{attach}"
    if attach is not Attach.MANAGED:
        arguments[attach] = hcl_string(whom) if whom else f"var.{variable}"
    arguments["policy"] = value
    if attach is not Attach.MANAGED and whom is None:
        yield from (f'variable "{variable}" {{', "  type = string", "}", "")
    yield f'resource "{kind}" "{name}" {{'
    width = max(map(len, arguments))
    yield from (f"  {argument:<{width}} = {text}" for argument, text in arguments.items())
    yield "}"

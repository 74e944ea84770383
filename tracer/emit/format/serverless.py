"""What serverless.yml says of the functions' permissions: the block `provider.iam.role.statements`.

That block is for the role that the Serverless Framework makes for a service's functions
(https://www.serverless.com/framework/docs/providers/aws/guide/iam), so a function's policy is written as that block.
Who deploys, and the role that CloudFormation is given, are none of the service's own: their statements stand in
comments, for a reader. So do those of the role of the framework's own functions, its custom resources, which it makes
itself. The framework's schema wants a list for each Action.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tracer.emit.draft import Document, Draft
from tracer.emit.format.quoting import quoted
from tracer.emit.format.template import statement_template
from tracer.emit.format.yaml import Yaml, yaml_lines
from tracer.model.permission import Section

_CUSTOM_RESOURCES: Final = "IamRoleCustomResourcesLambdaExecution"
"""The logical id of their role, which is part of its name (serverless 3.40, lib/plugins/aws/lib/naming.js)."""


@dataclass(frozen=True, slots=True)
class ServerlessFormat:
    """A piece of serverless.yml."""

    extension: str = "yml"

    def render(self, document: Document, draft: Draft) -> str:
        """The block with a word on where it goes; for another than a function, in comments."""
        statements: list[Yaml] = [
            statement_template(statement, draft.trace.run, lists=True) for statement in document.policy.statements
        ]
        lines = _block(document, statements) if _is_function(document) else _comment(document, statements)
        return "".join(f"{line}\n" for line in lines)

    def next_step(self, document: Document, draft: Draft, path: str | None) -> tuple[str, ...]:
        """Where the block goes; nothing here changes AWS."""
        place = path or "the text above"
        if _is_function(document):
            return (f"Put the block of {place} into serverless.yml.",)
        if _is_custom_resource(document):
            return (f"Nothing is to be done with {place}: the framework makes this role itself.",)
        return (f"Create the policy of {place} with another format: it is no part of serverless.yml.",)


def _is_function(document: Document) -> bool:
    return document.section is Section.FUNCTION and not _is_custom_resource(document)


def _is_custom_resource(document: Document) -> bool:
    return document.section is Section.FUNCTION and _CUSTOM_RESOURCES in document.principal


def _block(document: Document, statements: list[Yaml]) -> Iterator[str]:
    yield f"# For serverless.yml: what the functions with the role {quoted(document.principal)} need."
    yield from yaml_lines({"provider": {"iam": {"role": {"statements": statements}}}})


def _comment(document: Document, statements: list[Yaml]) -> Iterator[str]:
    yield f"# No part of serverless.yml: what the {document.section} {quoted(document.principal)} needs."
    if _is_custom_resource(document):
        yield "# It runs the framework's custom resources, and the framework makes this role itself."
    yield "#"
    yield from (f"# {line}" for line in yaml_lines({"Statement": statements}))

"""The policy document itself, as `aws iam create-policy --policy-document file://...` takes it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from tracer.emit.draft import Document, Draft
from tracer.emit.format.names import holder, policy_name
from tracer.emit.pack import Attach


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """IAM's own JSON."""

    extension: str = "json"

    def render(self, document: Document, draft: Draft) -> str:
        """The policy, indented."""
        return document.policy.to_json()

    def next_step(self, document: Document, draft: Draft, path: str | None) -> tuple[str, ...]:
        """The command of the AWS CLI that takes the document; what is not known stands in it in capitals."""
        name = shlex.quote(policy_name(document, draft))
        file = shlex.quote(f"file://{path}") if path else "file://POLICY.json"
        attach = draft.options.attach
        if attach is Attach.MANAGED:
            return (f"aws iam create-policy --policy-name {name}", f"--policy-document {file}")
        whom = shlex.quote(holder(document, attach) or attach.upper())
        return (
            f"aws iam put-{attach}-policy --{attach}-name {whom}",
            f"--policy-name {name}",
            f"--policy-document {file}",
        )

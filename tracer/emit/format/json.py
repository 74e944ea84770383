"""The policy document itself, as `aws iam create-policy --policy-document file://...` takes it."""

from __future__ import annotations

from dataclasses import dataclass

from tracer.emit.draft import Document


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """IAM's own JSON."""

    extension: str = "json"

    def render(self, document: Document) -> str:
        """The policy, indented."""
        return document.policy.to_json()

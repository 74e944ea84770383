"""What the things are called that a document becomes: the policy in AWS, its holder, and identifiers in templates."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePath
from typing import Final

from tracer.emit.draft import Document, Draft
from tracer.emit.pack import Attach
from tracer.model.arn import Arn

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9+=,.@_-]")
_LONGEST: Final = 128
"""What the name of a policy may hold, and how long it may be
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)."""


def stem(document: Document) -> str:
    """The name of the document's file without the extension."""
    return PurePath(document.file_name("x")).stem


def policy_name(document: Document, draft: Draft) -> str:
    """`orders-dev-deployer`: the service and the stage, where they are known, and the document."""
    run, options = draft.trace.run, draft.options
    known = [name for name in (options.service or run.service, options.stage or run.stage) if name]
    return _UNSAFE.sub("_", "-".join([*(known or ["tracer"]), stem(document)]))[:_LONGEST]


def holder(document: Document, attach: Attach) -> str | None:
    """The name of the role, user or group that gets an inline policy; None where the principal is of another kind."""
    arn = Arn.find(document.principal)
    if arn is None or not arn.resource.startswith(f"{attach}/"):
        return None
    return _UNSAFE.sub("_", arn.resource.rpartition("/")[2])


def identifier(document: Document) -> str:
    """`deployer`, `function_orders`: letters, digits and `_`, and another for each document of a draft."""
    name = stem(document)
    plain = re.sub(r"[^A-Za-z0-9]", "_", name)
    if re.fullmatch(r"[A-Za-z0-9-]+", name):
        return plain
    # `a.b`, `a_b` and `a-b` would be the same.
    return f"{plain}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def logical_id(document: Document) -> str:
    """`DeployerPolicy`: what a CloudFormation template, which holds one document, calls its policy."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", stem(document))) + "Policy"

"""Five ways to be wrong about what AWS checks, to show that the lab would notice.

Each is a change of tracer's own data, made in a copy of the package: the policy that the copy writes lacks something,
and it proves that policy to itself all the same, for it does not know better.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import tracer

PACKAGE: Final = Path(tracer.__file__).parent


@dataclass(frozen=True, slots=True)
class Fault:
    """One of them.

    Attributes:
        name: what is wrong.
        denied: the action that is then denied.
        changes: for each file of `reference/data/overrides` its text, to the wrong text.
    """

    name: str
    denied: str
    changes: Mapping[str, Callable[[str], str]]

    def inject(self, folder: Path) -> Path:
        """Copy tracer, with the fault. Returns what PYTHONPATH has to be."""
        shutil.copytree(PACKAGE, folder / "tracer", ignore=shutil.ignore_patterns("__pycache__", "demo"))
        for name, change in self.changes.items():
            file = folder / "tracer" / "reference" / "data" / "overrides" / name
            text = file.read_text(encoding="utf-8")
            wrong = change(text)
            assert wrong != text, f"{name} is no longer what it was: the fault is none"
            file.write_text(wrong, encoding="utf-8")
        return folder


def _replace(old: str, new: str, text: str) -> str:
    return text.replace(old, new)


def _drop(rule: str, text: str) -> str:
    return json.dumps([row for row in json.loads(text) if row["rule"] != rule])


FAULTS: Final = (
    Fault(
        "wrong-action-name",
        "s3:PutEncryptionConfiguration",
        {"events/s3.json": partial(_replace, '"s3:PutEncryptionConfiguration"', '"s3:PutBucketVersioning"')},
    ),
    Fault(
        "resource-of-another-function",
        "lambda:GetFunction",
        {"resources/lambda.json": partial(_replace, ":function:${FunctionName}", ":function:${FunctionName}-other")},
    ),
    Fault(
        "pass-role-dropped",
        "iam:PassRole",
        {"implied/pass-role.json": partial(_drop, "pass-role/lambda-create-function")},
    ),
    Fault(
        "tag-on-create-dropped",
        "lambda:TagResource",
        {"implied/lambda.json": partial(_drop, "tag-on-create/lambda-function")},
    ),
    Fault(
        # That the framework looks at the artifacts of the last deployment grants the same: it has to go, too.
        "template-read-dropped",
        "s3:GetObject",
        {
            "inferred/reads.json": partial(_drop, "cloudformation/template-read"),
            "inferred/serverless.json": partial(_replace, '"s3:HeadObject"', '"s3:PutObject"'),
        },
    ),
)
"""Of the scenario `service_role`, in which the code is read by another than the template."""

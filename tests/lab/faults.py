"""Five ways to be wrong about what AWS checks, to show that the lab would notice.

Each is a change of tracer's own data, made in a copy of the package: the policy that the copy writes lacks something,
and it proves that policy to itself all the same, for it does not know better.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
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
        file: the file of `reference/data/overrides` that is changed.
        change: its text, to the wrong text.
        denied: the action that is then denied.
    """

    name: str
    file: str
    change: Callable[[str], str]
    denied: str

    def inject(self, folder: Path) -> Path:
        """Copy tracer, with the fault. Returns what PYTHONPATH has to be."""
        shutil.copytree(PACKAGE, folder / "tracer", ignore=shutil.ignore_patterns("__pycache__", "demo"))
        data = folder / "tracer" / "reference" / "data" / "overrides" / self.file
        text = data.read_text(encoding="utf-8")
        wrong = self.change(text)
        assert wrong != text, f"{self.file} has changed: the fault is none"
        data.write_text(wrong, encoding="utf-8")
        return folder


def _replace(old: str, new: str, text: str) -> str:
    return text.replace(old, new)


def _drop(rule: str, text: str) -> str:
    return json.dumps([row for row in json.loads(text) if row["rule"] != rule])


FAULTS: Final = (
    Fault(
        "wrong-action-name",
        "events/s3.json",
        partial(_replace, '"s3:PutEncryptionConfiguration"', '"s3:PutBucketVersioning"'),
        "s3:PutEncryptionConfiguration",
    ),
    Fault(
        "resource-of-another-function",
        "resources/lambda.json",
        partial(_replace, ":function:${FunctionName}", ":function:${FunctionName}-other"),
        "lambda:CreateFunction",
    ),
    Fault(
        "pass-role-dropped",
        "implied/pass-role.json",
        partial(_drop, "pass-role/lambda-create-function"),
        "iam:PassRole",
    ),
    Fault(
        "tag-on-create-dropped",
        "implied/lambda.json",
        partial(_drop, "tag-on-create/lambda-function"),
        "lambda:TagResource",
    ),
    Fault(
        "template-read-dropped",
        "inferred/reads.json",
        partial(_drop, "cloudformation/template-read"),
        "s3:GetObject",
    ),
)

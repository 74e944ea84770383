"""The golden policies: which runs they are of, and with which options they are made.

Each has a folder in `emit/golden`, whose README tells what lies there.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from redaction import redacted
from runs import china, functions, govcloud, http_api, service_role, terraform
from runs.recorder import Json
from runs.rest import run as rest
from support import PROJECT

import tracer
from tracer import demo
from tracer.emit.draft import Draft
from tracer.emit.format import FORMATS
from tracer.model.trace import Trace

TRAIL: Final = PROJECT.parent / "shared" / "records" / "trail"
"""Real records, which are no part of the project."""
FOLDER: Final = Path(__file__).parent / "emit" / "golden"


@dataclass(frozen=True, slots=True)
class Golden:
    """One run and what is made of it.

    Attributes:
        name: its folder's.
        source: where its records are, or what plays it.
        principal: who deployed; None for the user of Terraform that the records show.
        traced: options of the trace.
        drafted: options of the draft.
        formats: beside json, the formats that are kept.
        real: whether the records are somebody's: then the trace is kept without what they were about.
    """

    name: str
    source: Path | Callable[[], list[Json]]
    principal: str | None
    traced: Mapping[str, Any] = field(default_factory=dict)
    drafted: Mapping[str, Any] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    real: bool = False

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    def trace(self, scratch: Path) -> Trace:
        """The trace of the run; `scratch` is a folder for its records."""
        path = self.source if isinstance(self.source, Path) else scratch / "records.json"
        if not isinstance(self.source, Path):
            path.write_text(json.dumps({"Records": self.source()}), encoding="utf-8")
        principal = self.principal or _user_of_terraform(path)
        trace = tracer.trace(path, principal=principal, evidence=1, **self.traced)
        return redacted(trace) if self.real else trace

    def draft(self) -> Draft:
        """The draft of the trace that is kept."""
        trace = Trace.from_json((self.folder / "trace.json").read_text(encoding="utf-8"))
        return tracer.draft(trace, **self.drafted)

    def files(self, draft: Draft) -> dict[str, str]:
        """What is written of a draft, by the path in the folder."""
        return {
            f"{name}/{document.file_name(FORMATS[name].extension)}": FORMATS[name].render(document, draft)
            for name in ("json", *self.formats)
            for document in draft.documents
        }


def _user_of_terraform(folder: Path) -> str:
    """Whose Terraform it is: what is not to be kept is not to be written here either."""
    logs = [json.loads(gzip.decompress(path.read_bytes())) for path in sorted(folder.rglob("*.json.gz"))]
    (user,) = {
        record["userIdentity"]["arn"]
        for log in logs
        for record in log["Records"]
        if "Terraform" in record.get("userAgent", "")
    }
    return user


GOLDENS: Final = {
    golden.name: golden
    for golden in (
        Golden(
            "demo",
            PROJECT / "tracer" / "demo" / "records",
            demo.PRINCIPAL,
            {"region": demo.REGION, "service": demo.SERVICE, "stage": demo.STAGE},
            formats=tuple(name for name in FORMATS if name != "json"),
        ),
        Golden(
            "rest",
            rest.make_records,
            demo.PRINCIPAL,
            {"region": demo.REGION, "service": demo.SERVICE, "stage": demo.STAGE},
        ),
        Golden(
            "service-role",
            service_role.records,
            service_role.DEPLOYER,
            drafted={"merge": "tighten"},
            formats=("cloudformation",),
        ),
        Golden(
            "functions", functions.records, functions.DEPLOYER, drafted={"baseline": "none"}, formats=("serverless",)
        ),
        Golden("http-api", http_api.records, http_api.DEPLOYER, drafted={"merge": "tighten"}, formats=("markdown",)),
        Golden(
            "terraform",
            terraform.records,
            terraform.DEPLOYER,
            {"user_agent": "Terraform"},
            {"baseline": "none"},
            ("terraform",),
        ),
        Golden("china", china.records, china.DEPLOYER, formats=("cloudformation",)),
        Golden(
            "govcloud",
            govcloud.records,
            govcloud.DEPLOYER,
            {"lifecycle": True},
            {"baseline": "none"},
            ("terraform",),
        ),
        Golden(
            "trail",
            TRAIL,
            None,
            {"user_agent": "Terraform"},
            {"baseline": "none"},
            ("terraform",),
            real=True,
        ),
    )
}


def write(names: list[str]) -> None:
    """Make what is kept of the runs `names` anew, of all where none is given."""
    for golden in (GOLDENS[name] for name in names or GOLDENS):
        if golden.real and not TRAIL.exists():
            continue
        golden.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            text = golden.trace(Path(scratch)).to_json()
        (golden.folder / "trace.json").write_text(text, encoding="utf-8")
        for folder in (golden.folder / name for name in FORMATS):
            shutil.rmtree(folder, ignore_errors=True)
        for name, content in golden.files(golden.draft()).items():
            path = golden.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1:])

"""`tracer redact`: records, traces and policies without whose they are."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from tracer.cli.inputs import STDIN, open_run, read_stdin
from tracer.cli.options import Settings, command
from tracer.cli.output import deliver, names_folder, write_files
from tracer.collect.interface import RecordSource
from tracer.errors import UsageError
from tracer.model.record import Unreadable
from tracer.model.run import DeployRun
from tracer.redact.redactor import Redactor, is_example
from tracer.reduce.parse import decode

_RECORDS: Final = "records.jsonl"
_OWN_NAME: Final = re.compile(r"(?:deployer|trace|service-role|function|other)(?=[-.])")


@dataclass(frozen=True, slots=True)
class _Document:
    """A trace or a policy: the file's name, its text, and what that says."""

    name: str
    text: bytes
    content: Mapping[str, Any]

    @property
    def name_parts(self) -> tuple[str, str]:
        """The file's name: what tracer calls its files by, and what else stands in it."""
        own = _OWN_NAME.match(self.name)
        return (own[0], self.name[own.end() :]) if own else ("", self.name)


@command(
    "tracer redact out/trace.json out/deployer.json --from logs/ -o shared/",
    "tracer redact out/trace.json > trace.json",
    "tracer collect --from lookup --since -1h | tracer redact > records.jsonl",
    own=(click.Argument(["documents"], nargs=-1, metavar="[DOCUMENT]..."),),
)
def redact(settings: Settings, documents: tuple[str, ...]) -> int:
    """Replace account ids, names, addresses and keys, so that a run can be shown to others.

    DOCUMENT is a trace or a policy, in JSON. The records are those that --from or --run names, or come in on stdin
    where nothing is named; they are written as JSON Lines. The same name becomes the same everywhere, so give at once
    what belongs together, and a folder with -o. What AWS and the Serverless Framework define stays, and so do the forms
    of names and ids: reduce makes the same of the records as before, but for the names.

    Look through what comes out before you share it: names are replaced word by word, and a word that AWS itself uses
    (`orders-table` has one) stays, as do words of one and two letters, times, UUIDs and numbers. Documents of AWS's
    example accounts (123456789012, 111122223333...) pass as they are.
    """
    read = [_read(path) for path in documents]
    source, run = open_run(settings) if settings.sources or settings.run or not read else (None, DeployRun())
    results = len(read) + (source is not None)
    if results > 1 and not (settings.output and names_folder(settings.output)):
        raise UsageError("several results need a folder", "give -o FOLDER/")
    redactor = Redactor()
    for document in read:
        redactor.learn(document.content)
        if not is_example(document.content):
            redactor.learn_text(document.name_parts[1])
    for _, record in _records(source, run):
        redactor.learn(record)
    redactor.settle()
    written = {_named(document, redactor): [_redacted(document, redactor)] for document in read}
    if len(written) < len(read):
        raise UsageError("two documents have the same name", "redact them one folder at a time")
    lines = _lines(source, run, redactor)
    if results == 1:
        name, chunks = next(iter(written.items())) if read else (_RECORDS, lines)
        deliver(settings.output, chunks, name)
    else:
        folder = Path(settings.output or "")
        files = {folder / name: b"".join(chunks) for name, chunks in written.items()}
        write_files(files | ({folder / _RECORDS: b"".join(lines)} if source else {}))
    return 0


def _records(source: RecordSource | None, run: DeployRun) -> Iterator[tuple[bytes, Mapping[str, Any]]]:
    """The records, as they came and as what they say; what cannot be read is no record."""
    for raw in source.records(run) if source else ():
        if isinstance(raw, Unreadable):
            continue
        with contextlib.suppress(ValueError, RecursionError):
            yield raw if isinstance(raw, bytes) else json.dumps(raw).encode(), decode(raw)


def _lines(source: RecordSource | None, run: DeployRun, redactor: Redactor) -> Iterator[bytes]:
    for text, record in _records(source, run):
        other = redactor.redacted(record)
        yield (text if other is record else json.dumps(other, separators=(",", ":")).encode()) + b"\n"


def _named(document: _Document, redactor: Redactor) -> str:
    own, rest = document.name_parts
    return document.name if is_example(document.content) else own + redactor.text(rest)


def _redacted(document: _Document, redactor: Redactor) -> bytes:
    other = redactor.redacted(document.content)
    return document.text if other is document.content else (json.dumps(other, indent=2) + "\n").encode()


def _read(path: str) -> _Document:
    """The document in a file. Raises UsageError."""
    try:
        text = read_stdin() if path == STDIN else Path(path).read_bytes()
        content = decode(text)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", "is the path right, and may you read it?") from error
    except (ValueError, RecursionError) as error:
        raise _no_document(path) from error
    if not {"permissions", "Statement"} & content.keys():
        raise _no_document(path)
    return _Document("document.json" if path == STDIN else Path(path).name, text, content)


def _no_document(path: str) -> UsageError:
    return UsageError(
        f"{path} is neither a trace nor a policy in JSON",
        "give trace.json, or a policy document; records are named with --from",
    )

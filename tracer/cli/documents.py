"""A draft on its way out: which document goes where, and what is said about it on stderr."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tracer.cli.options import Settings
from tracer.cli.output import deliver, names_folder, talk, write_files
from tracer.cli.reporting import REPORT, html_report
from tracer.emit.draft import Document, Draft, Share
from tracer.emit.format import FORMATS
from tracer.emit.pack import CHARACTERS
from tracer.errors import EmitError, listed
from tracer.model.finding import Severity
from tracer.model.permission import Section
from tracer.report.layout import Document as Report
from tracer.report.next_steps import next_steps
from tracer.report.summary import Part, accounted, findings, not_written, summary
from tracer.report.text import counted


@dataclass(frozen=True, slots=True)
class Delivered:
    """Where things went.

    Attributes:
        places: each document that was written, with its path; None is stdout.
        others: the paths of what lies beside them.
    """

    places: Mapping[Document, str | None]
    others: tuple[str, ...] = ()


class Told(Enum):
    """How much is said about a draft."""

    ALL = "the whole summary"
    READ = "what was read, and what somebody must look at"
    LEAST = "what somebody must look at"


_A_FOLDER = "name a folder, which gets them all: -o FOLDER/"


def deliver_draft(settings: Settings, draft: Draft, beside: Mapping[str, str]) -> Delivered:
    """Write what `-o` asks for: all documents into a folder, or the deployer's one to a file or to stdout.

    Everything is rendered before anything is written.

    Args:
        settings: `-o` and `--format`.
        draft: the documents.
        beside: names and texts of what a folder gets with them, the report apart.

    Raises:
        EmitError: a folder is needed and none was named, or what was named cannot be written.
    """
    output = settings.output
    if output is not None and names_folder(output):
        folder = Path(output)
        paths = {document: folder / _file_name(settings, document) for document in draft.documents}
        texts = {path: _rendered(settings, draft, document) for document, path in paths.items()}
        others = {folder / name: text.encode() for name, text in {**beside, REPORT: html_report(draft)}.items()}
        write_files(texts | others)
        return Delivered({document: str(path) for document, path in paths.items()}, tuple(map(str, others)))
    document = _the_one(settings, draft)
    deliver(output, [_rendered(settings, draft, document)], _file_name(settings, document))
    return Delivered({document: output})


def tell(settings: Settings, draft: Draft, delivered: Delivered, told: Told) -> None:
    """Say what was done and what comes next.

    Args:
        settings: the options.
        draft: the documents.
        delivered: where they are.
        told: how much of it.
    """
    left = [document for document in draft.documents if document not in delivered.places]
    talk(
        [
            *_done(settings, draft, delivered, told),
            *not_written(_file_name(settings, document) for document in left),
            *_next_steps(settings, draft, delivered),
        ]
    )


def _done(settings: Settings, draft: Draft, delivered: Delivered, told: Told) -> Report:
    if told is Told.ALL:
        parts = [_part(settings, draft, share, delivered) for share in draft.shares]
        return summary(draft.trace.accounting, draft.trace.denied, parts, draft.findings, delivered.others)
    read = accounted(draft.trace.accounting) if told is Told.READ else ()
    return [*read, *findings(draft.findings, least=Severity.WARNING)]


def _the_one(settings: Settings, draft: Draft) -> Document:
    """The one document that a file or stdout has room for: the deployer's."""
    documents = [document for document in draft.documents if document.section is Section.DEPLOYER]
    if len(documents) == 1:
        return documents[0]
    if documents:
        names = ", ".join(_file_name(settings, document) for document in documents)
        raise EmitError(f"the deployer's policy needs {len(documents)} documents: {names}", _A_FOLDER)
    if draft.documents:
        callers = listed(
            f"{share.principal} ({counted(len(share.merged.already + share.merged.added), 'permission')})"
            for share in draft.shares
        )
        raise EmitError(
            f"there are several callers, and none of them is known as the deployer:{callers}",
            f"say who deployed with --principal, or {_A_FOLDER}",
        )
    raise EmitError(
        "the trace holds no permission, so there is no policy to write",
        "`tracer reduce` with the same options shows what became of the records, and what was denied",
    )


def _file_name(settings: Settings, document: Document) -> str:
    return document.file_name(FORMATS[settings.format].extension)


def _rendered(settings: Settings, draft: Draft, document: Document) -> bytes:
    return FORMATS[settings.format].render(document, draft).encode()


def _part(settings: Settings, draft: Draft, share: Share, delivered: Delivered) -> Part:
    quota = CHARACTERS[settings.attach]
    return Part(
        section=share.section,
        principal=share.principal,
        already=share.merged.already,
        added=share.merged.added,
        baseline=draft.baseline.name
        if share.section is Section.DEPLOYER and draft.baseline.policy.statements
        else None,
        files=tuple(
            (delivered.places[document] or "standard output", f"{document.policy.size:,} of {quota:,} characters")
            for document in share.documents
            if document in delivered.places
        ),
    )


def _next_steps(settings: Settings, draft: Draft, delivered: Delivered) -> Report:
    format_ = FORMATS[settings.format]
    steps = (format_.next_step(document, draft, place) for document, place in delivered.places.items())
    return next_steps(list(dict.fromkeys(steps)), draft.findings)

"""Where results go: to stdout, to a file, or to a folder; whole or not at all. Talk goes to stderr.

A file is written beside its place under another name and then moved there, and nothing is moved before everything is
written: an error, a full disk or a signal leaves what was there before. Results are bytes in UTF-8, whatever the
terminal's encoding, so that a pipe carries what a file would hold.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final

import click

from tracer.cli.progress import out_of_the_way
from tracer.errors import EmitError
from tracer.report.layout import Document
from tracer.report.plain import plain
from tracer.report.text import printable_lines

_STOPPING: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))


def say(text: str) -> None:
    """Talk: `text`, if there is any, on stderr, with nothing in it that a terminal might obey."""
    if text:
        _tell(printable_lines(text) + "\n")


def talk(document: Document) -> None:
    """Talk in blocks, on stderr: in tables and colours where that is a terminal, else as plain text."""
    if document:
        _tell(_written(document, sys.stderr))


def show(document: Document) -> None:
    """A result that a person reads, on stdout, as `talk` writes it. Raises EmitError as `print_result` does."""
    print_result([_written(document, sys.stdout).encode()])


def _tell(text: str) -> None:
    """Write on stderr. Where that is closed, or full, nobody can be told, and the work goes on all the same."""
    if sys.stderr is None:
        return
    try:
        with out_of_the_way():
            click.echo(text, err=True, nl=False)
    except OSError:
        _let_go_of(sys.stderr.buffer)


def _written(document: Document, stream: IO[str] | None) -> str:
    width = columns(stream)
    if width is None:
        return plain(document)
    from tracer.report.terminal import on_terminal

    return on_terminal(document, width)


def columns(stream: IO[str] | None) -> int | None:
    """The width of the terminal that `stream` is; None where it is none."""
    if stream is None or stream.closed or not stream.isatty():
        return None
    return shutil.get_terminal_size().columns


def names_folder(path: str) -> bool:
    """Whether `-o path` means a folder: it is one, or the path ends in a slash."""
    return path.endswith(("/", os.sep)) or Path(path).is_dir()


def print_result(chunks: Iterable[bytes]) -> None:
    """Write a result to stdout, as it comes.

    A reader that closes the pipe early (`| head`) has what it wanted: that is the end of the writing, and no error.

    Raises:
        EmitError: stdout is closed, or cannot take it.
    """
    if sys.stdout is None:
        raise EmitError("standard output is closed", "name a file with -o")
    stdout = sys.stdout.buffer
    seen = out_of_the_way() if sys.stdout.isatty() else contextlib.nullcontext()
    try:
        with seen:
            for chunk in chunks:
                stdout.write(chunk)
            stdout.flush()
    except BrokenPipeError:
        _let_go_of(stdout)
    except OSError as error:
        _let_go_of(stdout)
        raise EmitError(f"cannot write to standard output: {error.strerror or error}") from error


def write_files(files: Mapping[Path, bytes]) -> None:
    """Write all of `files`, or none. Folders that are missing are made. Raises EmitError."""
    with contextlib.ExitStack() as made, contextlib.ExitStack() as written:
        for folder in sorted({path.parent for path in files}):
            _make_folder(folder, made)
        _publish([(written.enter_context(_staged(path, [content])), path) for path, content in files.items()])
        made.pop_all()


def write_file(path: Path, chunks: Iterable[bytes]) -> None:
    """Write one file in a folder that exists, as its content comes; whole or not at all. Raises EmitError."""
    with _staged(path, chunks) as temporary:
        _publish([(temporary, path)])


def deliver(output: str | None, chunks: Iterable[bytes], name: str) -> None:
    """Bring one result to where `-o` says: to stdout, to `name` in a folder, or to a file. Raises EmitError."""
    if output is None:
        print_result(chunks)
    elif names_folder(output):
        write_files({Path(output) / name: b"".join(chunks)})
    else:
        write_file(Path(output), chunks)


@contextlib.contextmanager
def _staged(path: Path, chunks: Iterable[bytes]) -> Iterator[Path]:
    """A file beside `path` that holds `chunks`; removed where it was not moved to its place.

    What is no regular file (`/dev/null`, a named pipe) has no beside: it is written as it is.
    """
    if path.is_dir():
        raise EmitError(f"cannot write {path}: it is a folder")
    special = path.exists() and not path.is_file()
    temporary = path if special else path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with _telling(path), temporary.open("wb" if special else "xb") as file:
            file.writelines(chunks)
        yield temporary
    finally:
        if not special:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _publish(staged: Iterable[tuple[Path, Path]]) -> None:
    """Move the staged files to their places: nothing may come between the first and the last."""
    with _undisturbed():
        for temporary, path in staged:
            if temporary != path:
                with _telling(path):
                    temporary.replace(path)


def _make_folder(folder: Path, undo: contextlib.ExitStack) -> None:
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for parent in reversed(missing):
        with _telling(parent):
            parent.mkdir()
        undo.callback(_remove_folder, parent)


def _remove_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


@contextlib.contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmitError(
            f"cannot write {path}: {error.strerror or error}",
            "is there such a folder, with room in it, and may you write there? -o names another place",
        ) from error


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """SIGINT and SIGTERM wait. A thread's signal mask would not do: another thread would take the signal for it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    before = {number: signal.signal(number, lambda late, _: heard.append(late)) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for number in heard:
            signal.raise_signal(number)


def _let_go_of(stream: IO[bytes]) -> None:
    """Send what is still buffered to nowhere: Python flushes at its exit, and would fail there again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)

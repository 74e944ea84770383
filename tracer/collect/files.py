"""`FileSource`: records from files, folders and standard input.

What comes in: paths. What goes out: the records of the files there, folder by folder in the order of their names, in
every shape and packing that `tracer.collect.shapes` knows; `tracer.collect.search` reads those fast that look as a
trail delivers them, and finds the records of a few callers in them. Of runs this is known: a file whose name says that
it was delivered before the window, or long after it, is not read. All else the records are asked, in reduce.

What can be read only once (standard input, a pipe) is spooled, because a run is read twice.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

from tracer.collect.inflate import CHUNK
from tracer.collect.interface import DELIVERED, unchecked
from tracer.collect.meter import Meter, Unwatched
from tracer.collect.search import LONGEST_TEXT, Content, FileSearch, Streamed, all_records, unpacked
from tracer.collect.shapes import read_records
from tracer.collect.spool import Spool
from tracer.collect.trail import delivered, is_in_time, is_log
from tracer.errors import CollectError
from tracer.model.finding import Finding
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun, TimeWindow

STDIN: Final = "-"

_CHUNK: Final = 256 * 1024

_NO_LOGS: Final = ("CloudTrail-Digest", "CloudTrail-Insight")
"""What a trail writes beside its logs, in folders and file names:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html."""
_LOOKED_FOR: Final = (
    "any file counts but hidden ones and those named CloudTrail-Digest or CloudTrail-Insight; "
    "name the folder that holds AWSLogs/, or one below it"
)


class FileSource:
    """The records in files.

    Args:
        paths: a file, a folder (read with all folders below it), or `-` for standard input; each.
        meter: hears how far the reading is; where there is none, nobody counts beforehand how much there is.
        slack: how long after a run's window files are still read, which their names tell of a trail's.
    """

    def __init__(self, paths: Sequence[str | Path], meter: Meter | None = None, slack: timedelta = DELIVERED) -> None:
        self._paths = tuple(dict.fromkeys(str(path) for path in paths))
        self._slack = slack
        self._late: set[str] = set()
        self._of_a_trail = False
        self._spools: dict[str, Spool] = {}
        self._meter = meter or Unwatched()
        self._uncounted = self._paths if meter else ()

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        """Every record in the files, but for those that were not delivered in time for the run's window.

        Raises:
            CollectError: a path is missing, holds no log file, or cannot be read.
        """
        self._begin(run)
        for path in self._paths:
            yield from self._records_at(path, run.window)

    def search(self, run: DeployRun) -> FileSearch | None:
        """A search in the same files; None where a path is none that can be read again. Raises as `records` does."""
        self._begin(run)
        if not all(path != STDIN and _is_stored(path) for path in self._paths):
            return None
        files = [file for path in self._paths for file in self._files_for(path, run.window)]
        return FileSearch(files, _content, self._meter)

    def _begin(self, run: DeployRun) -> None:
        for path in self._paths:
            if path != STDIN:
                _stat(path)
        self._count(run.window)

    def findings(self) -> tuple[Finding, ...]:
        """That files came too late to be read, and that nobody checked those of a trail; what a file lacks shows in its
        records, and what is no trail's file is in no digest.
        """
        return tuple(self._findings())

    def _findings(self) -> Iterator[Finding]:
        if self._late:
            came = f"{len(self._late)} log files were delivered more than {self._slack} after the window and not read"
            yield Finding("COVERAGE_GAP", f"{came}: calls may be missing (--slack)")
        if self._of_a_trail:
            yield unchecked("a trail's log files were read from a folder, and")

    def _records_at(self, path: str, window: TimeWindow) -> Iterator[RawRecord]:
        if path == STDIN:
            yield from read_records(self._spooled(path).chunks(), "standard input")
            return
        mode = _stat(path).st_mode
        if stat.S_ISFIFO(mode):
            yield from read_records(self._spooled(path).chunks(), path)
        elif _is_stored(path):
            yield from self._records_in_files(path, window)
        else:
            raise CollectError(f"{path} is neither a file nor a folder", "name a log file or a folder of them")

    def _spooled(self, path: str) -> Spool:
        if path not in self._spools:
            if path == STDIN and sys.stdin is None:
                raise CollectError("standard input is closed", "name log files or a folder of them, or pipe records in")
            try:
                if path == STDIN:
                    self._spools[path] = Spool(self._chunks(sys.stdin.buffer))
                else:
                    with Path(path).open("rb") as pipe:
                        self._spools[path] = Spool(self._chunks(pipe))
            except OSError as error:
                raise _unreadable(path, error) from error
        return self._spools[path]

    def _records_in_files(self, path: str, window: TimeWindow) -> Iterator[RawRecord]:
        for file in unpacked(self._files_for(path, window), _content):
            yield from all_records(file)
            self._meter.advance(1, len(file.content))

    def _chunks(self, file: BinaryIO) -> Iterator[bytes]:
        while chunk := file.read(_CHUNK):
            self._meter.advance(0, len(chunk))
            yield chunk

    def _files_for(self, path: str, window: TimeWindow) -> Iterator[str]:
        """The log files at and under `path` that may hold records of the window, in order. Raises CollectError."""
        empty = True
        for file in log_files(path):
            empty = False
            if is_in_time(file, window, self._slack):
                self._of_a_trail = self._of_a_trail or is_log(file)
                yield file
            elif window.since is None or delivered(file) > f"{window.since:%Y%m%dT%H%MZ}":
                self._late.add(file)
        if empty:
            raise CollectError(f"no log files in {path}", _LOOKED_FOR)

    def _count(self, window: TimeWindow) -> None:
        """Tell the meter, once, how much there is to read; nobody knows it of a pipe."""
        for path in self._uncounted:
            if path != STDIN and not stat.S_ISFIFO(_stat(path).st_mode):
                files = [file for file in log_files(path) if is_in_time(file, window, self._slack)]
                sizes = [_stat(file).st_size for file in files]
                self._meter.expect(len(sizes), sum(sizes))
        self._uncounted = ()


def log_files(path: str) -> Iterator[str]:
    """The log files at and under `path`, in order; links are followed, and no folder is read twice."""
    if not stat.S_ISDIR(_stat(path).st_mode):
        if _is_log(Path(path).name):
            yield path
        return
    seen: set[tuple[int, int]] = set()
    folders = [path]
    while folders:
        folder = folders.pop()
        identity = _stat(folder)
        if (identity.st_dev, identity.st_ino) in seen:
            continue
        seen.add((identity.st_dev, identity.st_ino))
        files, below = _entries(folder)
        yield from files
        folders += reversed(below)


def _entries(folder: str) -> tuple[list[str], list[str]]:
    """The log files and the folders in a folder, each in order. Raises CollectError."""
    files, folders = [], []
    try:
        with os.scandir(folder) as entries:
            named = [entry for entry in entries if _is_log(entry.name) and not entry.name.startswith(".")]
        for entry in sorted(named, key=lambda entry: entry.name):
            if entry.is_symlink():
                _stat(entry.path)  # one to nowhere is told
            if entry.is_dir():
                folders.append(entry.path)
            elif entry.is_file():
                files.append(entry.path)
    except OSError as error:
        raise _unreadable(str(error.filename), error) from error
    return files, folders


def _is_log(name: str) -> bool:
    return not any(other in name for other in _NO_LOGS)


def _content(path: str) -> Content:
    """The bytes of a file, as many as it has now: it may grow while it is read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a Path for each of many small files takes its time
            size = os.fstat(file.fileno()).st_size
            if size <= LONGEST_TEXT:
                return file.read(size)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return Streamed(size, lambda: _streamed(path, size))


def _streamed(path: str, size: int) -> Iterator[bytes]:
    try:
        with Path(path).open("rb") as file:
            while size > 0 and (chunk := file.read(min(size, CHUNK))):
                size -= len(chunk)
                yield chunk
    except OSError as error:
        raise _unreadable(path, error) from error


def _is_stored(path: str) -> bool:
    mode = _stat(path).st_mode
    return stat.S_ISDIR(mode) or stat.S_ISREG(mode)


def _stat(path: str) -> os.stat_result:
    try:
        return os.stat(path)  # noqa: PTH116 - as above
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: OSError | ValueError) -> CollectError:
    if isinstance(error, FileNotFoundError):
        return CollectError(f"{path} does not exist", "check the path; --from takes a file, a folder, or - for stdin")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return CollectError(f"{path} cannot be read: {reason}", "check the path and its permissions")

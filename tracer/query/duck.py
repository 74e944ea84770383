"""DuckDB over log files on disk: the table that the questions are about, without a cloud.

A trail's log files are read as they lie there, by DuckDB itself and only as far as a question asks: gzipped JSON by
its own reader, a column by its path. What is no such file by its name (JSON Lines, a lookup's pages, an export) or
cannot be read so is read as reduce reads it, and put into a file that DuckDB can. The columns are those of
queries/athena/create_table.sql, by the names that CloudTrail has for them; region and day, which are partitions there,
are read from a log file's path, and else from the record. Nothing is asked of the network.
"""

from __future__ import annotations

import json
import re
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracer.collect.files import FileSource, log_files
from tracer.collect.signals import apart, kept_from_new_threads
from tracer.collect.trail import is_log
from tracer.errors import CollectError
from tracer.model.record import Unreadable
from tracer.model.run import DeployRun
from tracer.query.questions import DIALECT, TABLE, Bound, Row

if TYPE_CHECKING:
    import duckdb

_TEXTS: Final = (
    "eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode",
    "errorMessage", "requestParameters", "responseElements", "additionalEventData", "requestID", "eventID", "readOnly",
    "eventType", "apiVersion", "recipientAccountId", "serviceEventDetails", "sharedEventID", "vpcEndpointId",
    "eventCategory",
)  # fmt: skip
_IDENTITY: Final = ("type", "principalId", "arn", "accountId", "invokedBy", "accessKeyId", "userName")
_ISSUER: Final = ("type", "principalId", "arn", "accountId", "userName")
"""The fields of a record that are columns; in lower case they are the columns' names."""

_SMALLEST: Final = 16 * 1024 * 1024
"""How large an object DuckDB takes unasked."""
_LARGEST: Final = 32 * 1024 * 1024
"""How large a log file may be that DuckDB reads: it takes twice that for each of several files, whatever they hold. A
trail's are a few MB; larger ones are unpacked first.
"""

_GZIP: Final = b"\x1f\x8b"

_REGION: Final = "/CloudTrail/([a-z0-9-]+)/[0-9]{4}/[0-9]{2}/[0-9]{2}/[^/]*$"
_DAY: Final = "/([0-9]{4}/[0-9]{2}/[0-9]{2})/[^/]*$"


def answer(paths: Sequence[str], bound: Bound, tell: Callable[[str], None]) -> list[Row]:
    """The rows that a question has on log files.

    Args:
        paths: files and folders.
        bound: the question.
        tell: takes a sentence for the user.

    Raises:
        CollectError: a path is missing, holds no log file, or cannot be read; the disk is full.
    """
    import duckdb

    files = [file for path in paths for file in log_files(path)]
    if not files:
        where = ", ".join(paths)
        raise CollectError(f"no log files in {where}", "name the folder that holds AWSLogs/, or one below it")
    trail = [file for file in files if is_log(file) and _unpacked_size(file) < _LARGEST]
    others = set(files).difference(trail)
    with _scratch() as scratch:
        try:
            return _asked(trail, [file for file in files if file in others], bound, scratch, tell)
        except (duckdb.IOException, duckdb.InvalidInputException):
            pass  # a file is not what its name says: reduce's own reader tells what is wrong, and reads the rest
        try:
            return _asked([], files, bound, scratch, tell)
        except duckdb.Error as error:
            raise CollectError(f"DuckDB could not answer: {error}", "is there room on the disk?") from error


def _asked(
    trail: Sequence[str], others: Sequence[str], bound: Bound, scratch: Path, tell: Callable[[str], None]
) -> list[Row]:
    import duckdb

    files = list(dict.fromkeys((*trail, *others)))
    parts = []
    if trail:
        parts.append(_trail_files(trail))
    if others:
        parts.append(_lines(_unpacked(others, scratch, tell)))
    with kept_from_new_threads():
        db = duckdb.connect()

    def work() -> list[Row]:
        db.execute(f"SET temp_directory = {_literal(str(scratch / 'spill'))}")
        db.execute("SET autoinstall_known_extensions = false")
        db.execute("CREATE TABLE sizes (path VARCHAR PRIMARY KEY, size BIGINT)")
        sizes = [Path(file).stat().st_size for file in files]
        db.execute("INSERT INTO sizes SELECT unnest(?), unnest(?)", [files, sizes])
        db.execute(f"CREATE VIEW {TABLE} AS {_columns(' UNION ALL '.join(parts))}")
        return _rows(db, bound)

    with db:
        return apart(work, db.interrupt)


def _rows(db: duckdb.DuckDBPyConnection, bound: Bound) -> list[Row]:
    """The rows of a query in Athena's dialect; its values are bound by name, for translation may change their order."""
    numbers = iter(range(1, len(bound.values) + 1))
    named = re.sub(r"\?", lambda _: f":p{next(numbers)}", bound.sql)
    values = {f"p{number}": value for number, value in enumerate(bound.values, start=1)}
    return db.execute(translated(named, "duckdb"), values).fetchall()


def translated(sql: str, dialect: str) -> str:
    """A query in another engine's words. Where JSON is none, Athena says null, and so shall DuckDB."""
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(sql, read=DIALECT)
    if dialect == "duckdb":
        for found in list(tree.find_all(exp.JSONExtractScalar)):
            found.replace(exp.Anonymous(this="TRY", expressions=[found.copy()]))
    return tree.sql(dialect)


def _columns(records: str) -> str:
    """The table: `records` has the record `r` and the file's path `file`."""
    texts = (f"{_text(name)} AS {name.lower()}" for name in _TEXTS)
    issuer = _struct("userIdentity.sessionContext.sessionIssuer", _ISSUER)
    identity = f"{_struct('userIdentity', _IDENTITY)[:-1]}, sessioncontext: {{sessionissuer: {issuer}}}}}"
    resource = "{arn: item->>'ARN', accountid: item->>'accountId', type: item->>'type'}"
    day = f"replace(substr({_text('eventTime')}, 1, 10), '-', '/')"
    columns = (
        *texts,
        f"{identity} AS useridentity",
        f"list_transform(TRY_CAST(r->'$.resources' AS JSON[]), lambda item: {resource}) AS resources",
        f"{_partition(_REGION, _text('awsRegion'))} AS region",
        f'{_partition(_DAY, day)} AS "timestamp"',
        'file AS "$path"',
        '(SELECT size FROM sizes WHERE path = file) AS "$file_size"',
    )
    return f"SELECT {', '.join(columns)} FROM ({records}) AS records"  # noqa: S608 - no word of it comes from outside


def _text(path: str) -> str:
    return f"r->>'$.{path}'"


def _partition(pattern: str, else_: str) -> str:
    """What a log file's path says; of other files, what the record does."""
    return f"coalesce(nullif(regexp_extract(file, '{pattern}', 1), ''), {else_})"


def _struct(path: str, names: Sequence[str]) -> str:
    return "{" + ", ".join(f"{name.lower()}: {_text(f'{path}.{name}')}" for name in names) + "}"


def _trail_files(files: Sequence[str]) -> str:
    names = ", ".join(_literal(_not_a_pattern(file)) for file in files)
    size = max(_SMALLEST, *map(_unpacked_size, files))
    read = f"read_json([{names}], columns={{Records: 'JSON[]'}}, filename=true, maximum_object_size={size})"
    return f"SELECT unnest(Records) AS r, filename AS file FROM {read}"  # noqa: S608 - the names are quoted


def _lines(file: Path) -> str:
    columns = "columns={file: 'VARCHAR', r: 'JSON'}"
    read = f"read_json({_literal(str(file))}, format='newline_delimited', {columns}, maximum_object_size={_LARGEST})"
    return f"SELECT r, file FROM {read}"  # noqa: S608 - the name is quoted


def _unpacked(files: Sequence[str], scratch: Path, tell: Callable[[str], None]) -> Path:
    """The records of files of any shape, one a line, each with its file's path."""
    path = scratch / "records.jsonl"
    spoilt = 0
    try:
        with path.open("wb") as lines:
            for file in files:
                name = json.dumps(file).encode()
                for record in FileSource([file]).records(DeployRun()):
                    if isinstance(record, bytes):
                        lines.write(b'{"file": %b, "r": %b}\n' % (name, record))
                    else:
                        spoilt += isinstance(record, Unreadable)
    except OSError as error:
        raise _full(scratch.parent, error) from error
    if spoilt:
        tell(f"Left out, for they are no records: {spoilt} (`tracer reduce` tells which).")
    return path


def _full(folder: Path, error: OSError) -> CollectError:
    return CollectError(
        f"the records cannot be unpacked into {folder}: {error.strerror or error}",
        "make room there, or set TMPDIR to another folder",
    )


def _unpacked_size(file: str) -> int:
    """How large a file's content is, and some room: its size, or what it says where it is gzipped (RFC 1952, 2.3.1)."""
    with Path(file).open("rb") as opened:
        packed = opened.read(len(_GZIP)) == _GZIP
        size = opened.seek(0, 2)
        if packed and size >= struct.calcsize("<I"):
            opened.seek(-struct.calcsize("<I"), 2)
            (size,) = struct.unpack("<I", opened.read())
    return int(size) + 1024


def _not_a_pattern(path: str) -> str:
    """A path that DuckDB takes as it is: what would be a wildcard stands in brackets."""
    return re.sub(r"[*?\[]", lambda sign: f"[{sign[0]}]", path)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _scratch() -> Iterator[Path]:
    try:
        folder = Path(tempfile.mkdtemp(prefix="tracer-"))
    except OSError as error:
        raise _full(Path(tempfile.tempdir or "the folder of temporary files"), error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

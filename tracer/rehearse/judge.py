"""May somebody who holds these policies do that? Asked of a process of its own, so that the account has no opinion.

The process is any command that reads JSON Lines and answers each with a line, as `tests/referee/judge.mjs` does:

    {"policies": [DOCUMENT...], "calls": [{"action", "resource", "context", "principal", "unchecked"}...]}
    ["Allowed" | "ImplicitlyDenied" | "ExplicitlyDenied"...]

Anything else that stands in an answer is what is wrong with the question. `unchecked` asks the judge not to hold the
action, the resource and the context against its own tables.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from subprocess import PIPE
from typing import IO, Any, Protocol, Self, cast

from tracer.errors import RehearseError


class Decision(StrEnum):
    """What policies say to a call, in the words of IAM's policy simulator, more or less."""

    ALLOWED = "Allowed"
    NOT_ALLOWED = "ImplicitlyDenied"
    DENIED = "ExplicitlyDenied"


@dataclass(frozen=True, slots=True)
class Need:
    """What AWS checks for a call: that the caller may do `action` on `resource`, with these context keys."""

    action: str
    resource: str
    """An ARN, or `*` for an action that supports no resource-level permission."""
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    unchecked: bool = False
    """The judge's tables do not know the action or the ARN, though AWS does; the row that says so tells why."""


class Judge(Protocol):
    """Who decides."""

    def decide(
        self, policies: Sequence[Mapping[str, Any]], principal: str, needs: Sequence[Need]
    ) -> Sequence[Decision]:
        """What the policies of one kind, taken together, say to each need.

        Args:
            policies: policy documents; none of them allows nothing.
            principal: the caller's ARN.
            needs: what is asked for.

        Raises:
            RehearseError: the judge does not take a need or a policy for one.
        """
        ...


@dataclass(slots=True)
class JudgeProcess:
    """A judge that is a process; it answers one question at a time and ends with its standard input.

    A context manager, which stops it.
    """

    process: subprocess.Popen[str]
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def start(cls, command: Sequence[str]) -> JudgeProcess:
        """Start the command. Raises RehearseError where there is no such program."""
        try:
            process = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, encoding="utf-8")  # noqa: S603
        except OSError as error:
            raise RehearseError(f"the judge cannot be started: {command[0]}: {error.strerror}") from error
        return cls(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process."""
        self.process.communicate()

    def decide(
        self, policies: Sequence[Mapping[str, Any]], principal: str, needs: Sequence[Need]
    ) -> Sequence[Decision]:
        """See `Judge`."""
        answers = self._ask({"policies": list(policies), "calls": [_question(principal, need) for need in needs]})
        for need, answer in zip(needs, answers, strict=True):
            if answer not in set(Decision):
                raise RehearseError(f"the judge cannot decide on {need.action} on {need.resource}: {answer}")
        return [Decision(answer) for answer in answers]

    def _ask(self, question: Mapping[str, Any]) -> list[str]:
        asked, answered = cast("IO[str]", self.process.stdin), cast("IO[str]", self.process.stdout)
        with self.lock:
            try:
                asked.write(json.dumps(question) + "\n")
                asked.flush()
                answer = answered.readline()
            except OSError:
                answer = ""
        if not answer:
            raise RehearseError("the judge has ended before it answered", "its own message stands above")
        answers: list[str] = json.loads(answer)
        return answers


def _question(principal: str, need: Need) -> Mapping[str, Any]:
    return {
        "action": need.action,
        "resource": need.resource,
        "context": dict(need.context),
        "principal": principal,
        "unchecked": need.unchecked,
    }

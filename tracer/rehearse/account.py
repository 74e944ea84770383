"""A local account, as its user sees it: started, given users and roles, asked what was done in it.

    with Account.start(judge=("node", "judge.mjs", folder)) as account:
        key = account.user("deployer", [policy])
        subprocess.run(["serverless", "deploy"], env=os.environ | account.environment(key))
        account.denials()

The account is a process of its own: nothing heavy is loaded here, and it ends with this one.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from subprocess import PIPE
from typing import Any, Final, Self

from tracer.errors import RehearseError
from tracer.rehearse.call import Key
from tracer.rehearse.judge import Need

ADMINISTRATOR: Final[Mapping[str, Any]] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
"""AWS's AdministratorAccess."""

ACCOUNT: Final = "123456789012"
"""The account's number, if no other is asked for: AWS's own example, which is moto's, too."""

HOST: Final = "127.0.0.1"

_INSTALL: Final = "`pip install 'cloudtrail-tracer[rehearse]'` installs what it needs"

REGION: Final = "us-east-1"


@dataclass(frozen=True, slots=True)
class Denied:
    """A need that was refused."""

    action: str
    resource: str
    explicit: bool
    """A statement denies it; otherwise none allows it."""
    message: str


@dataclass(frozen=True, slots=True)
class Made:
    """A call that was made in the account, in the order in which calls ended."""

    event_id: str
    principal: str
    """Its ARN."""
    judged_as: str
    """The principal that the judge was asked about: of a session, its role's ARN."""
    service: str
    operation: str
    via: str | None
    """The service that made it for the principal."""
    needs: Sequence[Need]
    """What AWS checks for it."""
    refused: Sequence[Denied]
    """Which of them were refused; AWS's answer tells of the first alone."""
    error_code: str | None
    """How it failed, whether for want of a permission or not."""

    @property
    def denied(self) -> Denied | None:
        """What AWS's answer tells that it was refused for."""
        return self.refused[0] if self.refused else None


@dataclass(slots=True)
class Account:
    """A running account; a context manager that stops it."""

    process: subprocess.Popen[str]
    port: int

    @classmethod
    def start(
        cls, judge: Sequence[str], *, number: str = ACCOUNT, seed: int | None = None, start: datetime | None = None
    ) -> Account:
        """Start an account.

        Args:
            judge: the command of the process that decides; see judge.py.
            number: the account's number.
            seed: makes ids the same again.
            start: the account's clock begins then, and goes on by a second with each call.

        Raises:
            RehearseError: moto is not installed, or the process ended at once.
        """
        if importlib.util.find_spec("moto") is None:
            raise RehearseError("moto, which the local account stands on, is not installed", _INSTALL)
        # -P: what lies in the folder that the deploy is run from is no module of the account's.
        command = [sys.executable, "-P", "-m", "tracer.rehearse.server", "--account", number]
        if seed is not None:
            command += ["--seed", str(seed)]
        if start is not None:
            command += ["--start", start.isoformat()]
        command += ["--judge", *judge]
        # A session of its own: what a key of the terminal ends is the deploy, and then this process ends the account.
        process = subprocess.Popen(  # noqa: S603
            command, stdin=PIPE, stdout=PIPE, text=True, env=_of_nobody(os.environ), start_new_session=True
        )
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            process.communicate()
            raise RehearseError(
                "the local account did not start",
                f"what it said stands above; {_INSTALL}",
            )
        return cls(process, json.loads(line)["port"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process. Doing so again does nothing."""
        self.process.communicate()

    @property
    def endpoint(self) -> str:
        """Where all of AWS's services are."""
        return f"http://{HOST}:{self.port}"

    def reset(self, seed: int | None = None, *, lenient: bool = False) -> None:
        """Make the account as empty as it was.

        Args:
            seed: makes ids the same again; they are others without one.
            lenient: let what is refused go on all the same, and only write it down.
        """
        self._ask("reset", seed=seed, lenient=lenient)

    def user(
        self,
        name: str,
        policies: Sequence[Mapping[str, Any]],
        *,
        path: str = "/",
        boundary: Mapping[str, Any] | None = None,
    ) -> Key:
        """Make a user who holds these policies, each as a managed policy of the account.

        Args:
            name: the user's name.
            policies: policy documents.
            path: the path in the user's ARN.
            boundary: the document of the permissions boundary.

        Raises:
            RehearseError: there is such a user, or a document is no policy.
        """
        return Key(**self._ask("user", name=name, path=path, policies=list(policies), boundary=boundary))

    def administrator(self, name: str = "admin") -> Key:
        """Make a user who may do anything."""
        return self.user(name, [ADMINISTRATOR])

    def root(self) -> Key:
        """The key of the account's root, whose calls are recorded and not judged: for what stands before a trial."""
        return Key(**self._ask("root"))

    def role(
        self, name: str, trust: Mapping[str, Any], policies: Sequence[Mapping[str, Any]] = (), *, path: str = "/"
    ) -> str:
        """Make a role. Returns its ARN. Raises RehearseError as `user` does."""
        arn: str = self._ask("role", name=name, path=path, trust=trust, policies=list(policies))["arn"]
        return arn

    def service_session(self, service: str, role_arn: str, name: str, region: str = REGION) -> Key:
        """A session of a role for a service that the role trusts, as Lambda takes one to run a function.

        The session is recorded as the service's own AssumeRole; that the role trusts the service is taken to hold.

        Args:
            service: the service's principal, as `lambda.amazonaws.com`.
            role_arn: the role.
            name: the session's name; Lambda's is the function's.
            region: where.

        Raises:
            RehearseError: there is no such role.
        """
        return Key(**self._ask("session", service=service, role=role_arn, name=name, region=region))

    def calls(self) -> list[Made]:
        """Every call so far."""
        return [_made(line) for line in self._ask("journal")]

    def failures(self) -> list[str]:
        """What the account could not judge, in plain words. Where there is any, the rehearsal proves nothing."""
        said: list[str] = self._ask("failures")
        return said

    def records(self, *, data_events: bool = False) -> list[Mapping[str, Any]]:
        """The CloudTrail records of all calls so far, in their order.

        Args:
            data_events: whether the trail asks for data events; by default it does not, as trails do not.
        """
        records: list[Mapping[str, Any]] = self._ask("records", data_events=data_events)
        return records

    def deliver(self, *, data_events: bool = False, seed: int | None = 0) -> str:
        """Deliver the log files of all calls so far, as CloudTrail would: late, mixed up, some records twice.

        Args:
            data_events: as `records` has it.
            seed: what the order and the repetitions depend on.

        Returns:
            The URL of the trail's bucket, `s3://...`. Who may read it are the administrator and root.
        """
        bucket: str = self._ask("deliver", data_events=data_events, seed=seed)["bucket"]
        return f"s3://{bucket}"

    def environment(self, key: Key, inherited: Mapping[str, str], region: str = REGION) -> dict[str, str]:
        """The environment under which AWS's tools talk to this account, and to no other, with this key.

        Serverless 3 and what else is built on the AWS SDK for JavaScript 2 knows no AWS_ENDPOINT_URL: a small script
        that Node loads first tells it.

        Args:
            key: the key.
            inherited: the environment that it is made from; its own words about AWS are left out.
            region: the region.
        """
        script = files("tracer.rehearse") / "endpoint.cjs"
        node_options = f"{inherited.get('NODE_OPTIONS', '')} --require {json.dumps(str(script))}".strip()
        return {
            **_of_nobody(inherited),
            "AWS_ACCESS_KEY_ID": key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
            **({"AWS_SESSION_TOKEN": key.session_token} if key.session_token else {}),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": self.endpoint,
            "NO_PROXY": HOST,
            "no_proxy": HOST,
            "NODE_OPTIONS": node_options,
        }

    def _ask(self, question: str, /, **asked: object) -> Any:  # noqa: ANN401  # JSON
        connection = http.client.HTTPConnection(HOST, self.port)
        try:
            connection.request("POST", f"/_rehearse/{question}", json.dumps(asked))
            response = connection.getresponse()
            text = response.read()
        except OSError as error:
            raise RehearseError(f"the local account does not answer: {error}") from error
        finally:
            connection.close()
        document = json.loads(text)
        if response.status != http.client.OK:
            raise RehearseError(f"the local account refuses `{question}`: {document['error']}")
        return document


def _of_nobody(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without a word about AWS: no key, no profile, no endpoint, no file where any of them stand."""
    return {
        **{name: value for name, value in environment.items() if not name.startswith("AWS_")},
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
    }


def _made(line: Mapping[str, Any]) -> Made:
    error = line["error"]
    return Made(
        event_id=line["event_id"],
        principal=line["principal"],
        judged_as=line["judged_as"],
        service=line["service"],
        operation=line["operation"],
        via=line["via"],
        needs=[Need(**need) for need in line["needs"]],
        refused=[Denied(**denied) for denied in line["refused"]],
        error_code=error and error["code"],
    )

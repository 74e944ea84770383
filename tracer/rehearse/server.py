"""The account's process: moto's services behind a WSGI layer that decodes, judges and records each call.

    python -m tracer.rehearse.server --judge COMMAND...      prints {"port": N}, serves until its standard input ends

A request goes through these doors, in this order: a key that the account does not know is refused, what AWS checks for
the call is put to the judge, moto carries it out, its outcome is recorded. What the account cannot judge is answered
with the status 501 and kept among the failures: a rehearsal that met one proves nothing.

Paths below `/_rehearse/` are the account's own (`control.py`); no bucket can have that name.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from flask import Flask
from flask import request as flask_request
from flask.typing import ResponseReturnValue
from moto.apigateway.exceptions import DeploymentNotFoundException, StageStillActive
from moto.apigateway.models import Deployment, RestAPI
from moto.backends import SERVICE_NAMES
from moto.core.config import default_user_config
from moto.core.request import Request
from moto.iam.access_control import PermissionResult
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import FakeBucket
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app

from tracer.errors import RehearseError
from tracer.rehearse import history
from tracer.rehearse.call import ApiError, Call, Caller
from tracer.rehearse.cloudformation import install
from tracer.rehearse.control import ROOT, Control
from tracer.rehearse.decode import Asked, Scope, decode, outcome, protocol_of, scope_of
from tracer.rehearse.denial import Answer, answer
from tracer.rehearse.directory import MotoDirectory
from tracer.rehearse.gate import Gate
from tracer.rehearse.ids import Ids
from tracer.rehearse.judge import JudgeProcess
from tracer.rehearse.records import records_of

SOURCE_IP: Final = "203.0.113.10"
"""Where all direct calls come from, as the records tell it: RFC 5737 keeps that network for examples."""

BROKEN: Final = 500
"""The least HTTP status of a service that failed, and does not merely refuse."""

NOT_IMPLEMENTED: Final = 501


@dataclass(slots=True)
class Clock:
    """The time; from a given start on, a second later each time it is asked, so that a run can be recorded anew."""

    start: datetime | None = None
    _asked: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> datetime:
        """The time now."""
        if self.start is None:
            return datetime.now(UTC)
        with self._lock:
            self._asked += 1
            return self.start + timedelta(seconds=self._asked)


@dataclass(frozen=True, slots=True)
class Layer:
    """The WSGI application around moto's."""

    moto: DomainDispatcherApplication
    directory: MotoDirectory
    gate: Gate
    control: Control

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401  # WSGI's
        """Answer a request."""
        body = Request(environ).get_data()
        ours = _readable(environ, body)
        request = Request(ours)
        if request.path.startswith(ROOT):
            given = self.control.answer(request.method, request.path.removeprefix(ROOT), body)
        else:
            given = self._service(request, _readable(environ, body))
        start_response(f"{given.status} {_REASONS.get(given.status, 'Unknown')}", list(given.headers.items()))
        return [given.body]

    def _service(self, request: Request, environ: dict[str, Any]) -> Answer:
        """As one of AWS's services answers."""
        request_id = self.gate.ids.uuid()
        scope = scope_of(request)
        if scope is None:
            return answer(_UNSIGNED, "", "query", request_id)
        service, protocol = protocol_of(request, scope)
        try:
            caller = self.directory.caller(scope.access_key_id)
            if caller is None:
                return answer(_UNKNOWN_KEY.get(service, _UNKNOWN_KEY[""]), service, protocol, request_id)
            asked = decode(request, scope)
            return self._judged(self._call(request, asked, scope, caller, request_id), asked, environ)
        except RehearseError as error:
            said = f"{error.message}; {error.hint}" if error.hint else error.message
            self.control.failures.append(said)
            return answer(ApiError("NotImplemented", said), service, protocol, request_id, status=NOT_IMPLEMENTED)

    def _judged(self, call: Call, asked: Asked, environ: dict[str, Any]) -> Answer:
        """The call, if it may be made."""
        denial = self.gate.check(call)
        if denial:
            return self._refused(call, asked, denial.error)
        missing = self.directory.no_such_role(call)
        if missing:
            self.gate.record(call, error=missing)
            return self._refused(call, asked, missing)
        return self._made(call, asked, environ)

    def _refused(self, call: Call, asked: Asked, error: ApiError) -> Answer:
        """An error, which an answer to HEAD cannot tell."""
        refused = answer(error, call.service, asked.protocol, call.request_id)
        return replace(refused, body=b"") if asked.operation.http.get("method") == "HEAD" else refused

    def _made(self, call: Call, asked: Asked, environ: dict[str, Any]) -> Answer:
        """What the call is answered, which is recorded with it.

        Raises:
            RehearseError: moto failed, or CloudFormation met on the way what cannot be judged.
        """
        given = self._looked_up(call) if _is_lookup(call) else self._answered(call, environ)
        ended = outcome(asked, given.status, given.headers, given.body)
        known = replace(call, request_id=ended.request_id or call.request_id)
        self.gate.record(known, ended.response, ended.error)
        if call.operation == "AssumeRole" and not ended.error:
            self.directory.identify(ended.response, call.params)
        return given

    def _answered(self, call: Call, environ: dict[str, Any]) -> Answer:
        """What moto answers. Raises RehearseError as `_made` does."""
        raised: list[RehearseError] = []
        with self.gate.serve(call):
            chunks, status, headers = run_wsgi_app(cast("Any", self.moto), {**environ, _RAISED: raised})
            given = Answer(int(status.split()[0]), dict(headers), b"".join(chunks))
        if raised:
            raise raised[0]
        if given.status >= BROKEN:
            raise RehearseError(
                f"moto cannot do {call.name}, or not with these parameters", "what it said stands above"
            )
        return given

    def _looked_up(self, call: Call) -> Answer:
        """What CloudTrail answers of its event history. Raises RehearseError: it cannot be asked so."""
        page = history.look_up(list(records_of(self.gate.journal)), call.params, call.region)
        return Answer(200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(page).encode())

    def _call(self, request: Request, asked: Asked, scope: Scope, caller: Caller, request_id: str) -> Call:
        return Call(
            service=asked.service,
            operation=asked.operation.name,
            params=asked.params,
            caller=caller,
            region=scope.region,
            event_id=self.gate.ids.uuid(),
            request_id=request_id,
            time=self.gate.clock(),
            source_ip=SOURCE_IP,
            user_agent=request.headers.get("User-Agent", ""),
            host=_host(asked, scope),
        )


def _is_lookup(call: Call) -> bool:
    return (call.service, call.operation) == (history.SERVICE, history.OPERATION)


def _host(asked: Asked, scope: Scope) -> str:
    """The host that AWS's client would have asked."""
    prefix = asked.operation.service_model.endpoint_prefix
    match asked.service:
        case "s3" if bucket := asked.params.get("Bucket"):
            return f"{bucket}.s3.{scope.region}.amazonaws.com"
        case "iam":
            return "iam.amazonaws.com"
        case _:
            return f"{prefix}.{scope.region}.amazonaws.com"


def _readable(environ: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """The environment of a request whose body has been read and can be read once more."""
    fresh = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    for key in ("HTTP_TRANSFER_ENCODING", "wsgi.input_terminated"):
        fresh.pop(key, None)
    return fresh


_REASONS: Final = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 501: "Not Implemented"}

_RAISED: Final = "tracer.rehearse.raised"
"""Where a request's environment keeps the errors that were met on the way."""

_UNSIGNED: Final = ApiError("MissingAuthenticationToken", "Request is missing Authentication Token")

_UNKNOWN_KEY: Final[Mapping[str, ApiError]] = {
    "": ApiError("InvalidClientTokenId", "The security token included in the request is invalid."),
    "ec2": ApiError("AuthFailure", "AWS was not able to validate the provided access credentials"),
    "s3": ApiError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
}
"""What a key is refused with that nobody has, by service.

https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html, and EC2's and S3's own lists of errors.
"""


def configure_moto() -> None:
    """What moto has to do without: containers, its own reading of bucket policies, which knows no conditions, and of
    deployments that a stage has left.
    """
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL  # type: ignore[method-assign]
    RestAPI.delete_deployment = _delete_deployment  # type: ignore[assignment,method-assign]
    default_user_config["lambda"]["use_docker"] = False
    default_user_config["batch"]["use_docker"] = False


def _delete_deployment(api: RestAPI, deployment_id: str) -> Deployment:
    """Delete a deployment that no stage points to; moto asks for the name of the stage that it was made for.

    https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteDeployment.html
    """
    if deployment_id not in api.deployments:
        raise DeploymentNotFoundException
    if any(stage.deployment_id == deployment_id for stage in api.stages.values()):
        raise StageStillActive
    return api.deployments.pop(deployment_id)


def layer(judge: JudgeProcess, account: str, seed: int | None, start: datetime | None) -> Layer:
    """The application, with an account that is empty."""
    directory = MotoDirectory(account)
    directory.furnish()
    gate = Gate(directory, judge, Ids(seed), Clock(start))
    install(gate)
    control = Control(directory, gate)
    return Layer(DomainDispatcherApplication(_service), directory, gate, control)


def _service(name: SERVICE_NAMES) -> Flask:
    """One of moto's services, whose own failures are an answer and no end of the request."""
    app = create_backend_app(name)
    app.debug = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(RehearseError, _hand_back)
    return app


def _hand_back(error: RehearseError) -> ResponseReturnValue:
    """Give what CloudFormation's calls met, deep within moto, back to the layer that asked moto."""
    flask_request.environ[_RAISED].append(error)
    return "", NOT_IMPLEMENTED


def main(arguments: list[str]) -> None:
    """Serve on a free port of this machine, until standard input ends: with the process that asked for it."""
    parser = argparse.ArgumentParser(prog="tracer.rehearse.server")
    parser.add_argument("--account", required=True)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--start", type=datetime.fromisoformat)
    parser.add_argument("--judge", nargs=argparse.REMAINDER, required=True)
    asked = parser.parse_args(arguments)
    os.environ["MOTO_ACCOUNT_ID"] = asked.account  # moto has no other way
    configure_moto()
    try:
        judge = JudgeProcess.start(asked.judge)
    except RehearseError as error:
        sys.exit(error.message)
    application = layer(judge, asked.account, asked.seed, asked.start)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_QuietHandler)
    print(json.dumps({"port": server.server_port}), flush=True)  # noqa: T201  # what the parent waits for
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)  # threads that still serve have nobody to serve


class _QuietHandler(MotoRequestHandler):
    """Says nothing about each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """See the class."""


if __name__ == "__main__":
    main(sys.argv[1:])

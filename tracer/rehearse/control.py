"""What the account's process answers to `account.py`, at paths below `/_rehearse/`: JSON in, JSON out.

| path | takes | gives |
|---|---|---|
| reset | seed, lenient | nothing; everything is as at the start |
| user | name, path, policies, boundary | access_key_id, secret_access_key, arn |
| role | name, path, trust, policies | arn |
| root | nothing | as user: the key of the account's root, whose calls are not judged |
| session | service, role, name, region | as user, with session_token: a service took a session of the role |
| journal | nothing | every call that ended: what it needed, and how it ended |
| failures | nothing | what the account could not judge |
| records | data_events | the CloudTrail records of the calls |
| deliver | data_events, seed | bucket: its log files lie there now |
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from moto.core.exceptions import ServiceException
from moto.moto_api._internal import mock_random
from moto.moto_api._internal.models import moto_api_backend
from moto.s3.models import s3_backends
from werkzeug.exceptions import HTTPException

from tracer.errors import RehearseError
from tracer.rehearse.delivery import log_files
from tracer.rehearse.denial import Answer, Denial
from tracer.rehearse.directory import PARTITION, MotoDirectory
from tracer.rehearse.gate import Entry, Gate
from tracer.rehearse.ids import Ids
from tracer.rehearse.records import records_of

ROOT: Final = "/_rehearse/"


@dataclass(frozen=True, slots=True)
class Control:
    """Answers.

    Attributes:
        directory: the account's IAM.
        gate: the account's door.
        failures: what could not be judged, in the words of the errors.
    """

    directory: MotoDirectory
    gate: Gate
    failures: list[str] = field(default_factory=list)

    def answer(self, method: str, name: str, body: bytes) -> Answer:
        """The answer to one question; 404 where there is no such."""
        handler: Callable[[Mapping[str, Any]], object] | None = {
            "reset": self._reset,
            "user": self._user,
            "role": self._role,
            "root": lambda _: dataclasses.asdict(self.directory.root_key()),
            "session": self._session,
            "journal": self._journal,
            "failures": lambda _: self.failures,
            "records": self._records,
            "deliver": self._deliver,
        }.get(name)
        if handler is None or method != "POST":
            return _json(404, {"error": f"there is no {method} {name}"})
        try:
            return _json(200, handler(json.loads(body or b"{}")))
        except (HTTPException, ServiceException, RehearseError) as error:
            return _json(400, {"error": getattr(error, "message", str(error))})

    def _reset(self, asked: Mapping[str, Any]) -> object:
        seed = asked.get("seed")
        moto_api_backend.reset()
        self.directory.furnish()
        mock_random.seed(seed)
        self.directory.boundaries.clear()
        self.directory.source_identities.clear()
        self.gate.journal.clear()
        self.gate.lenient = asked.get("lenient", False)
        self.gate.ids = Ids(seed)
        self.failures.clear()
        return {}

    def _user(self, asked: Mapping[str, Any]) -> object:
        key = self.directory.add_user(asked["name"], asked["path"], asked["policies"], asked.get("boundary"))
        return dataclasses.asdict(key)

    def _role(self, asked: Mapping[str, Any]) -> object:
        return {"arn": self.directory.add_role(asked["name"], asked["path"], asked["trust"], asked["policies"])}

    def _session(self, asked: Mapping[str, Any]) -> object:
        key, ends = self.directory.take_session(asked["role"], asked["name"])
        call = self.gate.taken(asked["service"], asked["role"], asked["name"], asked["region"])
        self.gate.check(call)
        credentials = {"AccessKeyId": key.access_key_id, "SessionToken": key.session_token, "Expiration": ends}
        self.gate.record(call, {"Credentials": credentials})
        return dataclasses.asdict(key)

    def _journal(self, _asked: Mapping[str, Any]) -> object:
        return [_line(entry) for entry in self.gate.journal]

    def _records(self, asked: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return list(records_of(self.gate.journal, data_events=asked["data_events"]))

    def _deliver(self, asked: Mapping[str, Any]) -> object:
        """Each delivery goes to a bucket of its own, which moto fills without a call: nobody's, as CloudTrail's are."""
        account = self.directory.account
        backend = s3_backends[account][PARTITION]
        bucket = f"trail-{account}-{len([name for name in backend.buckets if name.startswith('trail-')]) + 1}"
        backend.create_bucket(bucket, "us-east-1")
        for file in log_files(self._records(asked), account, asked["seed"]):
            backend.put_object(bucket, file.key, file.body)
        return {"bucket": bucket}


def _line(entry: Entry) -> Mapping[str, object]:
    call = entry.call
    return {
        "event_id": call.event_id,
        "principal": call.caller.arn,
        "judged_as": call.caller.principal_arn,
        "service": call.service,
        "operation": call.operation,
        "via": call.invoked_by,
        "needs": [dataclasses.asdict(need) for need in entry.needs],
        "refused": [_refused(denial) for denial in entry.denials],
        "error": entry.error and dataclasses.asdict(entry.error),
    }


def _refused(denial: Denial) -> Mapping[str, object]:
    return {
        "action": denial.need.action,
        "resource": denial.need.resource,
        "explicit": denial.explicit,
        "message": denial.message,
    }


def _json(status: int, document: object) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(document).encode())

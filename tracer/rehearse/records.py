"""Calls and their outcomes -> CloudTrail records, as AWS would write them.

The shape is that of real records: who called (`userIdentity`), which event (Lambda's names carry a date, S3's are its
own), the request in CloudTrail's spelling, the response of writes only, secrets left out. What a general rule does not
give stands in `records.json`. Data events are written where they are asked for; what AWS never logs is never written.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

It knows nothing of what a call needed: a record shows what was asked, and it is tracer's work to see what that means.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

from tracer.rehearse.call import Call, Caller, CallerType
from tracer.rehearse.gate import Entry
from tracer.rehearse.shapes import endpoint_of, request_of, response_of
from tracer.rehearse.templates import Absent, filled
from tracer.rehearse.words import NOTHING

HIDDEN: Final = "HIDDEN_DUE_TO_SECURITY_REASONS"

Json = dict[str, Any]


def records_of(entries: Iterable[Entry], *, data_events: bool = False) -> Iterator[Json]:
    """The records of calls, in the order of the calls.

    Args:
        entries: the calls and how they ended.
        data_events: whether the trail asks for data events.
    """
    for entry in entries:
        call = entry.call
        if _listed("never", call) or (_listed("data_events", call) and not data_events):
            continue
        yield record_of(entry)


def record_of(entry: Entry) -> Json:
    """The record of one call."""
    call, facts = entry.call, _facts()
    read_only = call.operation.startswith(tuple(facts["reads"]["prefixes"]))
    silent = read_only and call.operation not in facts["reads"]["with_response"]
    data = _listed("data_events", call)
    return {
        "eventVersion": "1.11",
        "userIdentity": identity_of(call),
        "eventTime": _iso(call.time),
        "eventSource": f"{facts['sources'].get(call.service, endpoint_of(call.service))}.amazonaws.com",
        "eventName": facts["names"].get(call.service, {}).get(call.operation, call.operation),
        "awsRegion": "us-east-1" if call.service in facts["home"]["services"] else call.region,
        "sourceIPAddress": call.source_ip,
        "userAgent": f"[{call.user_agent}]" if call.service == "s3" and not call.invoked_by else call.user_agent,
        **_error(entry),
        "requestParameters": _request(entry),
        "responseElements": None if silent or entry.error or call.service == "s3" else _response(entry),
        **({"additionalEventData": _of_s3(call)} if call.service == "s3" else {}),
        "requestID": call.request_id,
        "eventID": call.event_id,
        "readOnly": read_only,
        **_resources(entry),
        **_api_version(call),
        "eventType": "AwsApiCall",
        "managementEvent": not data,
        "recipientAccountId": call.caller.account,
        **_shared(call),
        "eventCategory": "Data" if data else "Management",
        **_tls(call),
    }


def identity_of(call: Call) -> Json:
    """Who called.

    A call that a service makes for somebody has that somebody's identity, in a session that the service made.
    Of a service that calls for itself nothing is told but its name.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
    """
    caller = call.caller
    if caller.type is CallerType.AWS_SERVICE:
        return {"type": str(caller.type), "invokedBy": call.invoked_by}
    identity: Json = {
        "type": str(caller.type),
        "principalId": caller.principal_id,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": caller.access_key_id,
    }
    if caller.user_name:
        identity["userName"] = caller.user_name
    if caller.session_created:
        identity["sessionContext"] = _session(caller, caller.session_created)
    if call.invoked_by:
        identity["invokedBy"] = call.invoked_by
    return identity


def _session(caller: Caller, created: datetime) -> Json:
    issuer = {}
    if caller.type is CallerType.ASSUMED_ROLE and caller.role_arn:
        issuer = {
            "type": "Role",
            "principalId": caller.principal_id.partition(":")[0],
            "arn": caller.role_arn,
            "accountId": caller.account,
            "userName": caller.role_arn.rpartition("/")[2],
        }
    context: Json = {
        "sessionIssuer": issuer,
        "webIdFederationData": {},
        "attributes": {"creationDate": _iso(created), "mfaAuthenticated": "false"},
    }
    return context | ({"sourceIdentity": caller.source_identity} if caller.source_identity else {})


def _error(entry: Entry) -> Json:
    if entry.error is None:
        return {}
    call, code = entry.call, entry.error.code
    code = _facts()["errors"].get(f"{call.name}.{code}", code)
    prefix = "Client." if call.service == "ec2" and not code.startswith("Client.") else ""
    return {"errorCode": f"{prefix}{code}", "errorMessage": entry.error.message}


def _request(entry: Entry) -> Json | None:
    """The parameters; of a refused call S3 and EC2 alone tell them, as real records have it."""
    call = entry.call
    if entry.denials and call.service not in ("ec2", "s3"):
        return None
    return request_of(call.service, call.operation, _without_secrets(call, call.params)) or None


def _response(entry: Entry) -> Json | None:
    call = entry.call
    return response_of(call.service, call.operation, _without_secrets(call, entry.response or {})) or None


def _without_secrets(call: Call, values: Mapping[str, Any]) -> Mapping[str, Any]:
    facts = _facts()
    for path in _of(facts["omitted"], call):
        values = _changed(values, path.split("."), None)
    for path in _of(facts["hidden"], call):
        values = _changed(values, path.split("."), HIDDEN)
    return values


def _changed(values: Mapping[str, Any], path: Sequence[str], value: str | None) -> Mapping[str, Any]:
    """The values with another one at a path, or without it; as they are where there is nothing."""
    first, *rest = path
    if first not in values:
        return values
    others = {key: given for key, given in values.items() if key != first}
    if rest:
        inner = values[first]
        return {**others, first: _changed(inner, rest, value) if isinstance(inner, Mapping) else inner}
    return others if value is None else {**others, first: value}


def _api_version(call: Call) -> Json:
    versions = _facts()["api_versions"]
    return {"apiVersion": versions[call.service]} if call.service in versions else {}


def _resources(entry: Entry) -> Json:
    call = entry.call
    found: list[Json] = []
    if entry.denials and call.service != "s3":
        return {}
    for row in _of(_facts()["resources"], call):
        try:
            arn = filled(row["arn"], call, NOTHING)
        except Absent:
            continue
        found.append({"accountId": call.caller.account, **({"type": row["type"]} if "type" in row else {}), "ARN": arn})
    return {"resources": found} if found else {}


def _of_s3(call: Call) -> Json:
    """What S3 tells beside; the id is made of the request's, since nothing depends on it."""
    return {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": 0,
        "AuthenticationMethod": "AuthHeader",
        "x-amz-id-2": f"{call.request_id}=",
        "bytesTransferredOut": 0,
    }


def _shared(call: Call) -> Json:
    """A service's own call is an event of both accounts, the service's and this one: they share an id, made of ours.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    """
    if call.caller.type is not CallerType.AWS_SERVICE:
        return {}
    return {"sharedEventID": str(uuid.uuid5(uuid.NAMESPACE_OID, call.event_id))}


def _tls(call: Call) -> Json:
    """The caller's own connection; a service that calls for somebody tells nothing of its."""
    if call.invoked_by:
        return {}
    details = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": call.host}
    return {"tlsDetails": details}


def _listed(topic: str, call: Call) -> bool:
    return call.operation in _facts()[topic].get(call.service, ())


def _of(rows: Mapping[str, Any], call: Call) -> Sequence[Any]:
    """The row of an operation, else that of all of the service's."""
    found: Sequence[Any] = rows.get(call.name, rows.get(f"{call.service}.*", ()))
    return found


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@functools.cache
def _facts() -> Mapping[str, Any]:
    facts: Mapping[str, Any] = json.loads((files("tracer.rehearse") / "records.json").read_bytes())
    return facts

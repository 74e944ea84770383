"""An event history over HTTP, for moto has none: it shows the records that it is given, as late and with such faults as
it is told to. What it answers is what a rehearsal's account answers (`tracer.rehearse.history`).
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

from stand_in import StandIn

from tracer.rehearse.history import look_up

_FAULTS = {"error": (500, b"{}"), "expired": (400, b'{"__type": "ExpiredTokenException", "message": "a fault"}')}


class EventHistory:
    """The records, and what was asked."""

    def __init__(self) -> None:
        self.records: list[Mapping[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.delivered_after = 0
        """How many requests find nothing yet."""
        self.faults: list[str] = []
        """What goes wrong with the next requests: `error` (500), `expired` (400), `reset` (the connection breaks in
        mid-body), `hang` (no answer, for good)."""
        self.hanging = threading.Event()
        """A request hangs."""
        self.closing = threading.Event()
        handler = type("Handler", (_Handler,), {"history": self})
        self._server = StandIn(("127.0.0.1", 0), handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: dict[str, Any], region: str) -> dict[str, Any]:
        """A page of the events that fit."""
        self.asked.append(request)
        return dict(look_up(self.records if len(self.asked) > self.delivered_after else [], request, region))


class _Handler(BaseHTTPRequestHandler):
    history: ClassVar[EventHistory]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert self.headers["X-Amz-Target"].endswith(".LookupEvents")
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        # The region that a request is for stands in the scope that it is signed with.
        region = self.headers["Authorization"].split("Credential=")[1].split("/")[2]
        fault = self.history.faults.pop(0) if self.history.faults else None
        if fault == "hang":
            self.history.hanging.set()
            self.history.closing.wait()
            return
        status, body = _FAULTS.get(fault) or (200, json.dumps(self.history.answer(request, region)).encode())
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault == "reset":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""

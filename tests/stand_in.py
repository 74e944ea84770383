"""An HTTP server that stands in for one of AWS's."""

from __future__ import annotations

import sys
from http.server import ThreadingHTTPServer


class StandIn(ThreadingHTTPServer):
    """A server of a test. A client that hangs up, as one does that is killed or has heard enough, is no error of it."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

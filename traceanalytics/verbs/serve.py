"""The live page on this machine: bound to loopback, behind a token that is drawn anew each time."""

import secrets
from collections.abc import Mapping
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from traceanalytics.errors import BadInput
from traceanalytics.judging import Answers
from traceanalytics.pages.assets import load_beside
from traceanalytics.pages.live import LiveApp
from traceanalytics.store.store import Store

LOOPBACK = "127.0.0.1"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """Writes no line a request: the query string would hold what somebody searched for."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Live:
    """A bound server; `address` holds the token that opens it."""

    def __init__(self, store: Store, *, port: int = 0, queues: Mapping[str, Answers] | None = None) -> None:
        token = secrets.token_urlsafe(24)
        try:
            self._server = _Server((LOOPBACK, port), _Quiet)
        except OSError as error:
            raise BadInput(f"port {port} of {LOOPBACK}: {error.strerror}; name another one with --port") from error
        bound = self._server.server_port
        hosts = frozenset(f"{name}:{bound}" for name in (LOOPBACK, "localhost"))
        self._server.set_app(LiveApp(store, token, hosts=hosts, queues=queues))
        self.address = f"http://{LOOPBACK}:{bound}/?token={token}"

    def serve(self) -> None:
        """Answer until stopped; what takes seconds to load is loaded beside it."""
        load_beside()
        self._server.serve_forever(poll_interval=0.2)

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self.close()

    def close(self) -> None:
        """Give the port back."""
        self._server.server_close()

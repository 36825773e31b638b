"""The Flask application: the endpoints of shared/api/worker-openapi.yaml."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from flask import Blueprint, Flask, Request, Response, current_app, g, request
from flask.sessions import NullSession, SessionInterface, SessionMixin
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.http import parse_options_header
from werkzeug.routing import MapAdapter

from shardeck_worker import VERSION, jsonbody, requests
from shardeck_worker.access import TOKEN_HEADER, Token, check_host, check_origin, request_id
from shardeck_worker.call import Call
from shardeck_worker.engine import Engine
from shardeck_worker.limits import MAX_BODY
from shardeck_worker.problem import Problem, closed, internal
from shardeck_worker.storage import timestamp
from shardeck_worker.stream import NDJSON, RowStream, end_record

log = logging.getLogger(__name__)

JSON = "application/json"
PROBLEM = "application/problem+json"

_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}

worker = Blueprint("worker", __name__)


class Service:
    """What the endpoints share."""

    def __init__(self, engine: Engine, name: str, token: str, *, local: bool) -> None:
        self.engine = engine
        self.name = name
        self.token = Token(token)
        self.local = local  # only reachable from this machine
        self.started = time.monotonic()
        self.stopping = False
        self.holder: tuple[int, str] | None = None  # of the term, as last logged


class NoSessions(SessionInterface):
    """A worker's requests have no sessions."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin:  # noqa: ARG002
        return _NO_SESSION

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        pass


_NO_SESSION = NullSession()


class Worker(Flask):
    """Flask without what a worker does not use, which took a fifth of a small query's time."""

    session_interface = NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func  # no view is a coroutine

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is None:
            return super().create_url_adapter(None)
        # Any host does: admit has its own check.
        return self.url_map.bind("", path_info=request.path, default_method=request.method)


def create_app(service: Service) -> Flask:
    """Return the application, which is configured by nothing but the service."""
    app = Worker("shardeck_worker", static_folder=None)
    app.url_map.merge_slashes = False  # no redirects
    app.extensions["shardeck"] = service
    app.register_blueprint(worker)
    return app


def _service() -> Service:
    return cast(Service, current_app.extensions["shardeck"])


@worker.before_app_request
def admit() -> None:
    """Identify the request, and refuse it unless it has the token. Only /health is open."""
    environ = request.environ
    g.started = time.perf_counter()
    g.error = None
    g.request_id = request_id(environ.get("HTTP_X_REQUEST_ID"))
    service = _service()
    path = environ.get("PATH_INFO", "")
    if not path.startswith("/") or path.startswith("//"):
        raise NotFound  # Flask ignores how many slashes a path begins with
    host = environ.get("HTTP_HOST", "")
    if service.local:
        check_host(host)
    check_origin(
        request.method, host, environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
    )
    if request.routing_exception is not None or request.endpoint == "worker.health":
        return
    service.token.check(environ.get("HTTP_X_MASTER_TOKEN"))
    if service.stopping:
        raise closed()


@worker.after_app_request
def finish(response: Response) -> Response:
    response.headers.extend({"X-Request-Id": g.request_id, **_HEADERS})
    level = _level(response.status_code)
    if log.isEnabledFor(level):
        fields = {
            "request_id": g.request_id,
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "took": f"{(time.perf_counter() - g.started) * 1000:.3f}ms",
            "remote": request.remote_addr,
        }
        if g.error is not None:
            fields["error"] = str(g.error)
        log.log(level, "request", extra={"fields": fields})
    return response


def _level(status: int) -> int:
    """Log refusals of access at info and failures above it; all else would cost a busy worker."""
    if status == 500:
        return logging.ERROR
    if status > 500:
        return logging.WARNING
    return logging.INFO if status in (401, 403) else logging.DEBUG


@worker.app_errorhandler(Problem)
def problem(err: Problem) -> Response:
    g.error = err
    response = Response(err.document(g.request_id), err.status, content_type=PROBLEM)
    if err.status == 401:
        response.headers["WWW-Authenticate"] = TOKEN_HEADER
    elif err.status == 503:
        response.headers["Retry-After"] = "1"
    return response


@worker.app_errorhandler(NotFound)
def not_found(_: NotFound) -> Response:
    paths = sorted({rule.rule for rule in current_app.url_map.iter_rules()})
    hint = "the endpoints are " + ", ".join(paths)
    return problem(Problem("not_found", "this path does not exist", hint))


@worker.app_errorhandler(MethodNotAllowed)
def method_not_allowed(err: MethodNotAllowed) -> Response:
    allow = ", ".join(sorted(err.valid_methods or ()))
    detail = f"{request.path} does not allow this method"
    response = problem(Problem("method_not_allowed", detail, f"use {allow}"))
    response.headers["Allow"] = allow
    return response


@worker.app_errorhandler(HTTPException)
def http_error(err: HTTPException) -> Response:
    return problem(Problem("invalid_field", err.description or "the request is invalid"))


@worker.app_errorhandler(Exception)
def fault(err: Exception) -> Response:
    """Answer a fault of the worker with a problem that reveals nothing, and log it."""
    fields = {"request_id": g.request_id, "path": request.path}
    log.error("a request failed", exc_info=err, extra={"fields": fields})
    return problem(internal())


def read_body() -> bytes:
    """Return the request's body, which is bounded whether its length was declared or not."""
    environ = request.environ
    declared = environ.get("CONTENT_TYPE", "")
    if declared != JSON and parse_options_header(declared)[0].lower() != JSON:
        raise Problem(
            "unsupported_media_type",
            f"the Content-Type of the request is not {JSON}",
            f"send the header Content-Type: {JSON}",
        )
    # The server gives a chunked body with its length.
    length = _length(environ.get("CONTENT_LENGTH") or "0")
    if length > MAX_BODY:
        raise Problem(
            "body_too_large",
            f"the body is larger than {MAX_BODY} bytes",
            "send less at a time, for example an insert in batches",
        )
    body: bytes = environ["wsgi.input"].read(length)
    return body


def _length(declared: str) -> int:
    """Return the length of a body; of one that is too long, just that."""
    if len(declared) > 9 or not (declared.isascii() and declared.isdigit()):
        return MAX_BODY + 1
    return int(declared)


def answer(document: dict[str, Any]) -> Response:
    return Response(json.dumps(document).encode(), content_type=JSON)


def call(timeout_ms: int = 0) -> Call:
    """Return what bounds this request. The server knows whether its client has gone."""
    gone: Callable[[], bool] = request.environ.get("waitress.client_disconnected", lambda: False)
    return Call(gone, timeout_ms)


@worker.get("/health", provide_automatic_options=False)
def health() -> Response:
    """Say who this is; with a nonce, prove the knowledge of the token."""
    service = _service()
    document = {
        "status": "ok",
        "name": service.name,
        "language": "python",
        "engine": service.engine.name,
        "dialect": service.engine.dialect,
        "shard": service.engine.shard,
        "engine_version": service.engine.version,
        "version": VERSION,
        "uptime_seconds": round(time.monotonic() - service.started, 3),
    }
    if failures := service.engine.failures():
        document |= {"status": "failing", "storage": failures[0].problem()}
    response = answer(document)
    proof = service.token.proof(request.environ.get("HTTP_X_SHARDECK_NONCE"), response.get_data())
    if proof is not None:
        response.headers["X-Shardeck-Proof"] = proof
    return response


@worker.post("/create-db", provide_automatic_options=False)
def create_db() -> Response:
    wanted = requests.db_request(jsonbody.parse(read_body()))
    return answer({"db_name": wanted.db, "physical": _service().engine.create_db(wanted)})


@worker.post("/drop-db", provide_automatic_options=False)
def drop_db() -> Response:
    wanted = requests.db_request(jsonbody.parse(read_body()))
    return answer({"db_name": wanted.db, "physical": _service().engine.drop_db(wanted)})


@worker.post("/exec", provide_automatic_options=False)
def exec_statements() -> Response:
    body = read_body()
    wanted = requests.exec_request(jsonbody.parse(body), body)
    outcome = _service().engine.exec(wanted, call())
    document: dict[str, Any] = {"rows_affected": outcome.rows_affected}
    if outcome.replayed:
        document["replayed"] = True
    return answer(document)


@worker.post("/query", provide_automatic_options=False)
def query() -> Response:
    """Stream the rows of a SELECT. A result that fits one piece is sent with its length."""
    body = read_body()
    wanted = requests.query_request(jsonbody.parse(body), body)
    rows = _service().engine.query(wanted, call(wanted.timeout_ms))
    try:
        first = rows.read()
    except BaseException:
        rows.close()
        raise
    if rows.done:
        rows.close()
        return Response(first + end_record(rows.count), content_type=NDJSON)
    return Response(
        RowStream(rows, first, g.request_id), content_type=NDJSON, direct_passthrough=True
    )


@worker.get("/stats", provide_automatic_options=False)
def stats() -> Response:
    owner = _service().engine
    document = {
        "state": owner.state().document(),
        "databases": owner.stats(),
        "at": timestamp(datetime.now(UTC)),
    }
    if failures := owner.failures():
        document["storage"] = [failure.document() for failure in failures]
    return answer(document)


@worker.get("/state", provide_automatic_options=False)
def state() -> Response:
    return answer(_service().engine.state().document())


@worker.post("/state", provide_automatic_options=False)
def set_state() -> Response:
    update = requests.state_update(jsonbody.parse(read_body()))
    service = _service()
    now = service.engine.set_state(update)
    holder = (now.term, now.leader)
    if service.holder != holder:
        service.holder = holder
        log.info("a master holds the term", extra={"fields": now.document()})
    return answer(now.document())

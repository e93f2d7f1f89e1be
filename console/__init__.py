"""What people see of a server: the command line's `plan`, `apply` and so on.

It is a client of Postgres like any other, and imports nothing else of iasql.
"""

#: The names of the commands in `console.cli`.
COMMANDS = (
    "apply",
    "diff",
    "drift",
    "graph",
    "history",
    "install",
    "modules",
    "plan",
    "review",
    "sql",
    "sync",
    "undo",
    "uninstall",
)

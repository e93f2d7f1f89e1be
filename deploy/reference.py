"""`python -m deploy.reference FOLDER`: what each table is, as pages for people, made from the declarations.

A page a module, and one that lists them. `docs/tables/` has them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from accounts.policies import action_of, actions_of
from deploy import signatures
from modules.catalogue import Catalogue, find_modules
from modules.spec import Column, EnumType, Module, OnChange, Part, Resource, Update

_CHANGE = {
    OnChange.UPDATE: "in place",
    OnChange.REPLACE: "replaces it",
    OnChange.ASSIGNED: "is AWS's to make",
}
_MADE = "<!-- Made by `make docs` from what the modules declare. -->\n\n"


def pages(catalogue: Catalogue) -> dict[str, str]:
    """The pages by file name: `README.md`, which lists the modules; one for each; `functions.md`."""
    return {
        "README.md": _MADE + _index(catalogue),
        "functions.md": _MADE + signatures.page(),
        **{f"{each.name}.md": _MADE + _page(each, catalogue) for each in catalogue.modules},
    }


def _index(catalogue: Catalogue) -> str:
    tables = sum(len(each.tables) for each in catalogue.modules)
    lines = [
        "# Tables",
        "",
        f"{len(catalogue.modules)} modules with {tables} tables. `iasql_install('aws_vpc')` makes those of "
        "one, and of the modules that it needs. Each module's page says what its columns are, what a change "
        "of one does in AWS, and which IAM actions that takes; the same as policies is in [iam/](../iam/).",
        "",
        "| module | tables | needs |",
        "|---|---|---|",
    ]
    for each in catalogue.modules:
        lines.append(
            f"| [{each.name}]({each.name}.md) | {_codes(each.tables)} | {_codes(each.dependencies)} |"
        )
    return "\n".join(lines) + "\n"


def _page(module: Module, catalogue: Catalogue) -> str:
    lines = [f"# {module.name}", ""]
    if module.dependencies:
        needs = ", ".join(f"[{each}]({each}.md)" for each in module.dependencies)
        lines += [f"An install of it also installs {needs}.", ""]
    for resource in module.resources:
        lines += _resource(resource, catalogue)
    if module.functions:
        lines += _functions(module)
    return "\n".join(lines).rstrip() + "\n"


def _functions(module: Module) -> Iterator[str]:
    yield from ("## Functions", "", "| function | does | returns | calls |", "|---|---|---|---|")
    for each in module.functions:
        given = ", ".join((*each.parameters, *(() if each.anywhere else ("region",))))
        returns = _codes(column.name for column in each.columns)
        actions = _codes(action_of(*call) for call in each.calls)
        yield f"| `{each.name}({given})` | {each.doc} | {returns} | {actions} |"
    yield ""


def _resource(resource: Resource, catalogue: Catalogue) -> Iterator[str]:
    yield from (f"## {resource.table}", "", resource.doc, "")
    yield f"- **Named by** {_codes(resource.natural_key)}" + (
        f"; AWS's own name for it is `{resource.identity}`." if resource.identity else "."
    )
    if resource.is_global:
        yield "- **Where:** once for an account; only the default place has the table."
    elif resource.region:
        yield f"- **Where:** AWS has it in {resource.region} only."
    yield from _calls(resource)
    losses = list(dict.fromkeys(each.what for each in resource.carry.lost))
    if losses:
        yield f"- **A replacement loses** {', '.join(losses)}, and is refused unless that is allowed."
    for _, rule in resource.checks:
        yield f"- **Has to be true:** `{rule}`"
    yield from ("", *_table(resource, resource.columns, resource.key, catalogue))
    for part in resource.parts:
        yield from _part(resource, part, catalogue)


def _calls(resource: Resource) -> Iterator[str]:
    """What is called, as the IAM actions that it takes."""
    reading, changing = (sorted(actions_of(resource, reads=reads)) for reads in (True, False))
    yield f"- **Read by** {_codes(reading)}."
    if not changing:
        yield "- **Read only:** nothing in it can be made, changed or deleted."
        return
    yield f"- **Changed by** {_codes(changing)}."
    if not resource.create:
        yield "- AWS lets nobody make one."
    if not resource.delete and resource.within is None:
        yield "- AWS lets nobody delete one."
    obstacles = list(dict.fromkeys(each.what for each in resource.obstacles if not each.first))
    if obstacles:
        yield f"- **Not deleted** while AWS has {', '.join(obstacles)} that no row takes away."


def _part(resource: Resource, part: Part, catalogue: Catalogue) -> Iterator[str]:
    yield from (f"### {part.table}", "", part.doc, "")
    yield f"Rows are elements of a `{resource.table}`; {_codes(part.natural_key)} tells one from another."
    change = "changes it in place" if part.on_change is OnChange.UPDATE else "replaces it"
    yield f"A change of one {change}, by {_codes(_sent(resource, part.table)) or 'no call of its own'}."
    yield from ("", *_table(resource, (part.parent, *part.columns), part.key, catalogue, part))


def _table(
    resource: Resource,
    columns: Iterable[Column],
    key: tuple[str, ...],
    catalogue: Catalogue,
    part: Part | None = None,
) -> Iterator[str]:
    yield "| column | type | a change | in AWS | |"
    yield "|---|---|---|---|---|"
    if key == ("id",):
        yield "| `id` | serial, primary key | | | |"
    for each in columns:
        change = "" if part is not None else _change(resource, each)
        cells = (f"`{each.name}`", _type(each, key, catalogue), change, _path(each), each.doc)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _type(column: Column, key: tuple[str, ...], catalogue: Catalogue) -> str:
    type = column.type
    words = [f"enum ({', '.join(type.values)})" if isinstance(type, EnumType) else type]
    words += ["primary key"] if column.name in key else ["not null"] if column.not_null else []
    if column.default is not None:
        words.append(f"default `{column.default}`")
    if column.reference is not None:
        words.append(f"refers to {_link(column.reference.table, catalogue)}")
    if column.refers is not None:
        words.append(f"names of {_link(column.refers, catalogue)}")
    return ", ".join(words)


def _link(table: str, catalogue: Catalogue) -> str:
    module = next(each.name for each in catalogue.modules if table in each.tables)
    return f"[{table}]({module}.md#{table})"


def _change(resource: Resource, column: Column) -> str:
    if column.on_change is OnChange.UPDATE:
        sent = _codes(_sent(resource, column.name))
        return f"in place, by {sent}" if sent else "in place"
    return _CHANGE[column.on_change]


def _path(column: Column) -> str:
    return f"`{column.path}`" if column.path else ""


def _sent(resource: Resource, name: str) -> list[str]:
    """The operations that a change of a column or part is sent by."""
    found = [
        each.operation
        for each in resource.update
        if (name in each.when if isinstance(each, Update) else name == each.column)
    ]
    return list(dict.fromkeys(action_of(resource.service, each) for each in found))


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in names)


def main() -> None:
    """Write each page into a folder, and take away those of modules that are gone."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    made = pages(find_modules())
    for file in folder.glob("*.md"):
        if file.name not in made:
            file.unlink()
    for name, text in made.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()

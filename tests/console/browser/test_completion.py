"""What the page SQL suggests while a statement is written, and how it is taken."""

from __future__ import annotations

import psycopg
import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect
from psycopg import sql

from tests.console.browser.conftest import NewVisitor, Visitor
from tests.console.browser.tour import execute
from tests.fixtures.databases import Database

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMES = {
    "path": ["public"],
    "tables": {
        "public": ["log_group", '"Order"', "security_group", "subnet", "vpc", "vpc_peer"],
        "us_west_2": ["queue", "subnet", "vpc"],
        '"My Schema"': ['"a ""b"""'],
        "pg_catalog": ["pg_class"],
    },
    "functions": ["iasql_apply", "iasql_diff"],
}
COLUMNS = {
    ("public", "vpc"): ["id", "cidr_block", "tags"],
    ("us_west_2", "vpc"): ["id", "cidr_block", "owner"],
    ("public", "subnet"): ["id", "cidr_block", "vpc_id", '"Zone"'],
    ("public", "Order"): ["id", '"Total"', '"select"'],
    ("public", "log_group"): ["log_group_name", "retention_in_days"],
    ("pg_catalog", "pg_class"): ["oid", "relname"],
    ("My Schema", 'a "b"'): ['"x y"'],
}
TABLES = 'log_group "Order" security_group subnet vpc vpc_peer'
PLACES = 'public. us_west_2. "My Schema".'
#: A text, the cursor in it as a |, and what is suggested, the first of it if that ends with an ellipsis.
CASES = {
    # tables
    "SELECT * FROM |": f"{TABLES} {PLACES} us_west_2.queue us_west_2.subnet us_west_2.vpc "
    '"My Schema"."a ""b""" iasql_apply() iasql_diff()',
    "SELECT * FROM v|": "vpc vpc_peer us_west_2.vpc",
    "SELECT * FROM VP|": "vpc vpc_peer us_west_2.vpc",
    "SELECT * FROM gro|": "log_group security_group",
    "SELECT * FROM us_west_2.|": "queue subnet vpc",
    "SELECT * FROM us_west_2.s|": "subnet",
    "SELECT * FROM us|": "us_west_2.",
    "SELECT * FROM que|": "us_west_2.queue",
    'SELECT * FROM "My Schema".|': '"a ""b"""',
    'SELECT * FROM "O|': '"Order"',
    "SELECT * FROM ord|": '"Order"',
    'SELECT * FROM "Or|der" WHERE true': '"Order"',
    "SELECT * FROM pg_c|": "pg_catalog. pg_class",
    "SELECT * FROM ia|": "iasql_apply() iasql_diff()",
    "SELECT * FROM iasql_d|()": "iasql_diff",
    "SELECT * FROM vpc JOIN sub|": "subnet us_west_2.subnet",
    "SELECT * FROM vpc v, sub|": "subnet us_west_2.subnet",
    "SELECT * FROM vpc v JOIN subnet s ON v.id = s.vpc_id, lo|": "log_group",
    "SELECT * FROM (SELECT id FROM vp|) AS v": "vpc vpc_peer us_west_2.vpc",
    "INSERT INTO v|": "vpc vpc_peer us_west_2.vpc",
    "UPDATE v|": "vpc vpc_peer us_west_2.vpc",
    "DELETE FROM v|": "vpc vpc_peer us_west_2.vpc",
    "DELETE FROM vpc USING sub|": "subnet us_west_2.subnet",
    "TRUNCATE sub|": "subnet us_west_2.subnet",
    "ALTER TABLE sub|": "subnet us_west_2.subnet",
    "GRANT SELECT ON sub|": "subnet us_west_2.subnet",
    "TABLE sub|": "subnet us_west_2.subnet",
    "EXPLAIN SELECT * FROM sub|": "subnet us_west_2.subnet",
    "SELECT 1; SELECT * FROM sub|; SELECT 2": "subnet us_west_2.subnet",
    "WITH found AS (SELECT id FROM vpc) SELECT * FROM fo|": "found",
    "SET search_path = us|": "us_west_2",
    "SET search_path TO public, |": 'public us_west_2 "My Schema"',
    # columns
    "SELECT | FROM vpc": f"id cidr_block tags vpc {TABLES.replace(' vpc ', ' ')} {PLACES} …",
    "SELECT ci| FROM vpc": "cidr_block",
    "SELECT id, ci| FROM vpc v": "cidr_block",
    "SELECT v.| FROM vpc v": "id cidr_block tags",
    "SELECT v.| FROM vpc AS v": "id cidr_block tags",
    "SELECT V.ci| FROM vpc v": "cidr_block",
    "SELECT vpc.| FROM vpc": "id cidr_block tags",
    "SELECT vpc.|": "id cidr_block tags",
    "SELECT us_west_2.vpc.ow|": "owner",
    "SELECT us_west_2.|": "queue subnet vpc",
    "SELECT o.| FROM us_west_2.vpc o": "id cidr_block owner",
    'SELECT "Order".| FROM "Order"': 'id "Total" "select"',
    'SELECT tot| FROM "Order"': '"Total"',
    'SELECT o."T| FROM "Order" o': '"Total"',
    "SELECT * FROM vpc WHERE ta|": "tags",
    "SELECT * FROM vpc WHERE id = 1 AND ta|": "tags",
    "SELECT * FROM vpc WHERE ci|dr = 1": "cidr_block",
    "SELECT * FROM vpc v JOIN subnet s ON s.|": 'id cidr_block vpc_id "Zone"',
    "SELECT * FROM vpc v JOIN subnet s ON ci|": "v.cidr_block s.cidr_block",
    "SELECT * FROM vpc v JOIN subnet s ON zo|": '"Zone"',
    "SELECT * FROM vpc JOIN subnet USING (ci|": "cidr_block",
    "SELECT count(ta|) FROM vpc": "tags",
    "SELECT * FROM vpc ORDER BY ta|": "tags",
    "SELECT (SELECT ow| FROM us_west_2.vpc) FROM subnet": "owner",
    "SELECT relna| FROM pg_class": "relname",
    "SELECT EXTRACT(year FROM ta|) FROM vpc": "tags",
    "SELECT * FROM vpc WHERE id IS DISTINCT FROM ci|": "cidr_block",
    "SELECT ia|": "iasql_apply() iasql_diff()",
    "INSERT INTO vpc (|": "id cidr_block tags",
    "INSERT INTO vpc (id, ci|) VALUES (1)": "cidr_block",
    "INSERT INTO vpc (id) VALUES (ci|": "",
    "INSERT INTO vpc (id) SELECT vp| FROM subnet": "vpc_id vpc vpc_peer us_west_2.vpc",
    "INSERT INTO vpc (id) VALUES (1) ON CONFLICT (i|": "id",
    "INSERT INTO vpc (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET ci|": "cidr_block",
    "INSERT INTO vpc (id) VALUES (1) RETURNING ci|": "cidr_block",
    "UPDATE vpc SET |": "id cidr_block tags",
    "UPDATE vpc SET id = 1, ci|": "cidr_block",
    "UPDATE vpc SET id = ci|": "cidr_block",
    "UPDATE us_west_2.vpc SET ow|": "owner",
    "UPDATE vpc SET id = 1 WHERE ta|": "tags",
    "DELETE FROM vpc WHERE ta|": "tags",
    "ALTER TABLE vpc DROP COLUMN ta|": "tags",
    "SELECT id FROM vpc; SELECT ta| FROM subnet": "",
    # where no name is meant
    "|": "",
    "vp|": "",
    "SELECT 1; vp|": "",
    "SELECT * FROM vpc v|": "",
    "SELECT * FROM vpc AS v|": "",
    "SELECT id i| FROM vpc": "",
    "SELECT id AS i| FROM vpc": "",
    "SELECT * v| FROM vpc": "",
    "SELECT 'FROM v|": "",
    "SELECT 'it''s FROM v|": "",
    "SELECT E'\\' FROM v|": "",
    "SELECT $$ FROM v|": "",
    "SELECT $a$ $$ FROM v|": "",
    "SELECT * -- FROM v|": "",
    "SELECT /* /* */ FROM v|": "",
    "SELECT 1::v| FROM vpc": "",
    "SELECT nobody.| FROM vpc": "",
    "SELECT x.| FROM (SELECT 1) AS x": "",
    "SELECT a.b.c.|": "",
    "SELECT from| FROM vpc": "",
    "SELECT 12|": "",
    "CREATE TABLE v|": "",
    "ALTER TABLE vpc ADD COLUMN ta|": "",
    "WITH vpc AS (SELECT 1) SELECT ta| FROM vpc": "",
    # what is over is over
    "SELECT 'a''b', \"x\" -- c\n FROM v|": "vpc vpc_peer us_west_2.vpc",
    "SELECT E'\\'' FROM v|": "vpc vpc_peer us_west_2.vpc",
    "SELECT $a$ ' $a$ FROM v|": "vpc vpc_peer us_west_2.vpc",
    "SELECT /* /* */ ' */ * FROM v|": "vpc vpc_peer us_west_2.vpc",
    "SELECT ta| FROM vpc /* not ended": "tags",
}
_COMPLETE = """async ([names, columns, texts]) => {
  const { complete, key, known } = await import('/static/completion.js');
  const all = known(names);
  for (const [schema, name, of] of columns) {
    all.columns.set(key({ schema, name }), of.map(each => [each, 'text']));
  }
  return texts.map(text => {
    const at = text.indexOf('|');
    const found = complete(text.slice(0, at) + text.slice(at + 1), at, all);
    return found.items.map(each => each.text);
  });
}"""


async def test_what_is_suggested_where(new_visitor: NewVisitor) -> None:
    visitor = await new_visitor()
    await visitor.open("/sign-in")
    columns = [[*of, names] for of, names in COLUMNS.items()]
    found = await visitor.page.evaluate(_COMPLETE, [NAMES, columns, list(CASES)])
    wrong = []
    for (text, expected), items in zip(CASES.items(), found, strict=True):
        said = " ".join(items)
        begins = expected.endswith("…") and said.startswith(expected.rstrip("…"))
        if said != expected and not begins:
            wrong.append(f"{text}\n  suggested: {said}\n  expected:  {expected}")
    assert not wrong, "\n".join(wrong)


_SHOP = (
    "CREATE TABLE vpc (id integer, cidr_block text, tags jsonb)",
    'CREATE TABLE "Order Line" ("Total" integer, "select" integer)',
    "CREATE SCHEMA us_west_2",
    "CREATE TABLE us_west_2.queue (name text)",
    "CREATE TABLE us_west_2.only_there (owner text)",
)


@pytest_asyncio.fixture(loop_scope="session")
async def at_sql(new_visitor: NewVisitor, database: Database) -> Visitor:
    """Somebody on the page SQL of a database with a few tables."""
    execute(database, *_SHOP)
    visitor = await new_visitor()
    await visitor.sign_in(database)
    await visitor.follow("SQL")
    return visitor


def _options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Suggestions").get_by_role("option")


async def _suggests(page: Page, *texts: str) -> None:
    await expect(_options(page).locator("bdi")).to_have_text(list(texts))


async def _chosen(page: Page, text: str) -> None:
    """What a screen reader is told to be chosen is what is seen to be."""
    field = page.locator("#statement")
    await expect(field).to_be_focused()
    id = await field.get_attribute("aria-activedescendant")
    await expect(page.locator(f"[id='{id}'][aria-selected=true] bdi")).to_have_text(text)
    await expect(page.locator("[aria-selected=true]")).to_have_count(1)


async def test_names_are_taken_by_keys_alone_and_the_statement_runs(at_sql: Visitor) -> None:
    page, field = at_sql.page, at_sql.page.locator("#statement")
    await page.keyboard.type("SELECT * FROM ord")
    await _suggests(page, '"Order Line"')
    await expect(page.locator("#suggested")).to_have_text("1 suggestion")
    await _chosen(page, '"Order Line"')
    await page.keyboard.press("Tab")
    await expect(field).to_have_value('SELECT * FROM "Order Line"')
    await expect(field).to_be_focused()
    await page.keyboard.type(" WHERE ")
    await expect(_options(page)).to_have_count(0)
    await page.keyboard.press("Control+Space")
    await _chosen(page, '"Total"')
    await page.keyboard.press("ArrowDown")
    await _chosen(page, '"select"')
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")  # from the first to the last one
    await page.keyboard.press("ArrowDown")
    await _chosen(page, '"Total"')
    await page.keyboard.press("Enter")
    await page.keyboard.type(" IS NULL")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("status")).to_have_text("Done, without rows")
    await expect(field).to_have_value('SELECT * FROM "Order Line" WHERE "Total" IS NULL')


async def test_the_tab_key_leaves_the_field_wherever_nothing_is_to_be_taken(at_sql: Visitor) -> None:
    page, field = at_sql.page, at_sql.page.locator("#statement")
    run = page.get_by_role("button", name="Run", exact=True)
    for text in ("", "SELECT * FROM vpc", "SELECT 'vp", "SELECT * FROM nothing_like_it"):
        await field.fill("")
        await page.keyboard.type(text)
        await page.keyboard.press("Tab")
        await expect(run).to_be_focused()
        await page.keyboard.press("Shift+Tab")
    await field.fill("")
    await page.keyboard.type("SELECT * FROM vp")
    await _suggests(page, "vpc")
    await page.keyboard.press("Shift+Tab")
    await expect(field).not_to_be_focused()
    await expect(_options(page)).to_have_count(0)
    await field.focus()
    await page.keyboard.type("c")
    await page.keyboard.press("Backspace")
    await _suggests(page, "vpc")
    await page.keyboard.press("Escape")
    await expect(_options(page)).to_have_count(0)
    await page.keyboard.press("Tab")
    await expect(run).to_be_focused()


async def test_enter_begins_a_line_when_the_name_is_written(at_sql: Visitor) -> None:
    page, field = at_sql.page, at_sql.page.locator("#statement")
    execute_in = "CREATE TABLE vpc_peer (id integer)"
    await field.fill(execute_in)
    await at_sql.press("Run")
    await field.fill("")
    await page.keyboard.type("SELECT * FROM vpc")
    await _suggests(page, "vpc", "vpc_peer")
    await page.keyboard.press("Enter")
    await page.keyboard.type("WHERE")
    await expect(field).to_have_value("SELECT * FROM vpc\nWHERE")


async def test_what_was_taken_can_be_undone(at_sql: Visitor) -> None:
    page, field = at_sql.page, at_sql.page.locator("#statement")
    await page.keyboard.type("SELECT * FROM us")
    await _suggests(page, "us_west_2.")
    await page.keyboard.press("Enter")
    await _suggests(page, "only_there", "queue")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("SELECT * FROM us_west_2.only_there")
    await page.keyboard.press("Control+z")
    await page.keyboard.press("Control+z")
    await expect(field).to_have_value("SELECT * FROM us")


async def test_a_finger_takes_a_name_and_the_field_keeps_the_focus(
    new_visitor: NewVisitor, database: Database
) -> None:
    execute(database, *_SHOP)
    visitor = await new_visitor(
        viewport={"width": 360, "height": 640}, is_mobile=True, has_touch=True, color_scheme="dark"
    )
    page, field = visitor.page, visitor.page.locator("#statement")
    await visitor.sign_in(database)
    await visitor.follow("SQL")
    await field.tap()
    await page.keyboard.type("SELECT cidr_block FROM vp")
    await _suggests(page, "vpc")
    box = await _options(page).first.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    await visitor.check_accessible()
    await _options(page).first.tap()
    await expect(field).to_have_value("SELECT cidr_block FROM vpc")
    await expect(field).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 720), (320, 256)], ids=["desk", "at 400 %"])
async def test_the_list_is_seen_whole_wherever_the_cursor_is(
    new_visitor: NewVisitor, database: Database, size: tuple[int, int], scheme: str
) -> None:
    execute(database, *_SHOP, f"CREATE TABLE {'vpc' + 'x' * 60} (id integer)")
    visitor = await new_visitor(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page, field = visitor.page, visitor.page.locator("#statement")
    await visitor.sign_in(database)
    await visitor.follow("SQL")
    for text in ("SELECT 1 FROM vp", "SELECT 1,\n" * 12 + "2 FROM vp", f"SELECT '{'x ' * 80}' FROM vp"):
        await field.fill(text[:-1])
        await page.keyboard.type("p")
        await expect(_options(page)).to_have_count(2)
        await visitor.check_accessible()
        await page.locator("#suggestions").scroll_into_view_if_needed()
        box = await page.locator("#suggestions").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
        assert box["height"] <= size[1]
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
        await page.keyboard.press("Escape")


async def test_names_follow_the_search_path_that_a_statement_has_set(at_sql: Visitor) -> None:
    page, field = at_sql.page, at_sql.page.locator("#statement")
    await page.keyboard.type("SELECT * FROM que")
    await _suggests(page, "us_west_2.queue")
    await at_sql.run("SET search_path = us_west_2, public")
    await field.fill("")
    await page.keyboard.type("SELECT * FROM que")
    await _suggests(page, "queue")


_SECONDS = """async ([names, columns, text]) => {
  const { complete, key, known } = await import('/static/completion.js');
  const all = known(names);
  for (const name of names.tables.public) all.columns.set(key({ schema: 'public', name }), columns);
  const times = [];
  for (let at = 0; at < text.length; at += 1) {
    const began = performance.now();
    complete(text.slice(0, at), at, all);
    times.push((performance.now() - began) / 1000);
  }
  return times.sort((one, other) => one - other)[Math.floor(times.length * 0.9)];
}"""


async def test_a_letter_takes_no_time_among_5000_tables(new_visitor: NewVisitor) -> None:
    visitor = await new_visitor()
    await visitor.open("/sign-in")
    schemas = ("public", *(f"region_{number}" for number in range(24)))
    names = {
        "path": ["public"],
        "functions": [],
        "tables": {each: [f"table_of_things_{number}" for number in range(200)] for each in schemas},
    }
    columns = [[f"column_{number}", "text"] for number in range(40)]
    text = (
        "SELECT t.column_7 FROM table_of_things_1 AS t JOIN region_7.table_of_things_2 AS o ON t.column_1 = "
    )
    assert await visitor.page.evaluate(_SECONDS, [names, columns, text]) < 0.05


#: Texts that are something else to HTML, SQL, JavaScript, or a reader's eyes.
HOSTILE = (
    """<img src=x onerror=a()>"'<b onclick=b()>""",
    "</script><script>alert(1)</script>",
    "&lt;x&gt;",
    "a\nb\tc",
    "\u202egnp.exe",
    "__proto__",
    "constructor",
    "' OR 1=1; --",
    '"); DROP TABLE x; --',
    "$$",
)


async def test_hostile_names_of_tables_schemas_and_columns_are_text(
    new_visitor: NewVisitor, database: Database
) -> None:
    quoted = [sql.Identifier(each).as_string() for each in HOSTILE]
    columns = ", ".join(f"{each} integer" for each in quoted)
    for each in quoted:
        execute(database, f"CREATE TABLE {each} ({columns})", f"CREATE SCHEMA {each}")
        execute(database, f"CREATE TABLE {each}.{each} (id integer)")
    visitor = await new_visitor()
    page, field = visitor.page, visitor.page.locator("#statement")
    await visitor.sign_in(database)
    await visitor.follow("SQL")
    with psycopg.connect(database.url) as connection:
        found = connection.execute("SELECT quote_ident(each) FROM unnest(%s::text[]) AS each", [[*HOSTILE]])
        names = [name for (name,) in found]
    for name in names:
        for before, after in (("SELECT * FROM ", ""), ("SELECT count(", f") FROM {name}")):
            start = name[:3]
            await field.fill(before + start + after)
            await field.evaluate("(each, at) => each.setSelectionRange(at, at)", len(before + start))
            await page.keyboard.press("Control+Space")
            option = _options(page).filter(has=page.get_by_text(name, exact=True)).first
            await expect(option).to_be_visible()
            assert await page.locator("#suggestions").evaluate(
                "each => [...each.querySelectorAll('*')].every(one => /^(LI|BDI|SPAN)$/.test(one.tagName))"
            )
            await option.click()
            await expect(field).to_have_value(before + name + after)
            await visitor.press("Run")
            await expect(page.get_by_role("alert")).to_have_count(0)

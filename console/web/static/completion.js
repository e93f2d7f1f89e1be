// What a statement may go on with where the cursor is. Pure: it is given the names, and touches no page.
const PART = new RegExp(
  [
    /(?<gap>\s+)/,
    /(?<comment>--[^\n]*)/,
    /(?<block>\/\*)/,
    /(?<text>(?:e'[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*|'[^']*(?:''[^']*)*)(?<shut>'|$))/,
    /(?<dollar>\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)/,
    /(?<quoted>"[^"]*(?:""[^"]*)*(?<closed>"|$))/,
    /(?<word>[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)/,
    /(?<number>\.?\d[\w.]*)/,
    /(?<sign>::|[^])/,
  ].map((each) => each.source).join("|"),
  "iy",
);
const words = (text) => new Set(text.split(/\s+/));
/** Words that are no alias, and after which no operator is meant. */
const WORDS = words(`all alter analyze and any as asc between by case column conflict copy create cross cube database
  default delete desc describe distinct do drop else end except exists explain false fetch filter for from full grant
  group having if ilike in index inner insert intersect into is join
  lateral left like limit natural not nothing
  null nulls offset on only or order outer over overriding partition recursive references restrict returning revoke
  right rollup schema select set show similar some table tablesample temporary then to true truncate union unique
  update using vacuum values view when where window with`);
/** Those that are a value by themselves. */
const VALUES = words("default end false nothing null true");
/** Those after which there is an expression, and no list of tables goes on. */
const ENDS = words("select where group having order limit offset fetch for union intersect except returning values window");
/** Those after which there is a table. */
const FOLLOWED = words("join references copy truncate vacuum");
/** First words of statements that name a table after ON. */
const ABOUT = words("grant revoke create comment drop alter");
/** How many are offered at once, and from how many letters on the system's own tables are. */
export const MOST = 50, SYSTEM_FROM = 2;
const SYSTEM = words("pg_catalog information_schema");

/** A name as the catalog has it, of one as SQL needs it. */
export const plain = (quoted) => quoted.startsWith('"') ? quoted.replace(/^"|"$/g, "").replaceAll('""', '"') : quoted.toLowerCase();

/** Where a table's columns are in `columns`. */
export const key = (table) => JSON.stringify([table.schema, table.name]);

/** The names of a database, made of what the server says of them; `columns` is filled later, by `key`. */
export function known({ tables, path, functions }) {
  const places = [...path.map(plain), "pg_catalog"];
  const schemas = new Map();
  for (const [schema, names] of Object.entries(tables)) {
    const own = plain(schema);
    schemas.set(own, new Map(names.map((text) => [plain(text), { schema: own, name: plain(text), text, full: `${schema}.${text}` }])));
  }
  const all = [...schemas.values()].flatMap((each) => [...each.values()]);
  for (const each of all) each.seen = places.find((at) => schemas.get(at)?.has(each.name)) === each.schema;
  return { all, schemas, places, quoted: Object.keys(tables), functions, columns: new Map() };
}

/** Where a comment ends that may have others within; -1 if it does not. */
function commentEnd(text, at) {
  const edge = /[/][*]|[*][/]/g;
  edge.lastIndex = at;
  for (let depth = 1, met; (met = edge.exec(text)); ) {
    depth += met[0] === "/*" ? 1 : -1;
    if (!depth) return edge.lastIndex;
  }
  return -1;
}

/** The tokens of a text, and what it ends within: `quoted`, a name, or `other`, in which there are no names. */
function tokens(text) {
  const found = [];
  let within = null;
  for (let at = 0; at < text.length; ) {
    PART.lastIndex = at;
    const part = PART.exec(text).groups;
    let end = PART.lastIndex;
    if (part.block) end = commentEnd(text, end);
    if (part.dollar) end = (text.indexOf(part.dollar, end) + 1 || -part.dollar.length) + part.dollar.length - 1;
    if (end < 0 || part.shut === "" || (part.comment && end === text.length)) within = "other";
    if (part.closed === "") within = "quoted";
    const name = part.word ? part.word.toLowerCase() : part.quoted && plain(part.quoted);
    if (name !== undefined) found.push({ at, end, name, word: part.word ? name : "" });
    else if (part.sign) found.push({ at, word: part.sign });
    else if (part.text || part.dollar || part.number) found.push({ at, word: "", value: true });
    at = end < 0 ? text.length : end;
  }
  return { found, within };
}

const CURSOR = { word: "" };

/** The tables that a statement names, and what is meant where the cursor is, the token without a word. */
function read(list) {
  const sources = [], withs = [], first = list[0].word;
  let frame = { clause: "" }, here = frame;
  const named = (source) => {
    sources.push(source);
    Object.assign(frame, { last: source, clause: "named" });
    if (frame.aimed) frame.target = source;
  };
  for (let at = 0; at < list.length; at += 1) {
    const { word, name } = list[at], before = list[at - 1]?.word, next = list[at + 1]?.word;
    if (list[at] === CURSOR) {
      here = { ...frame };
    } else if (word === "(") {
      const inner = { up: frame, target: frame.target, clause: frame.clause, bare: before === "using" };
      if (frame.clause === "named") Object.assign(inner, frame.listed ? { clause: "target", target: frame.last } : { clause: "expression" });
      if (before === "conflict") inner.clause = "target";
      if (frame.clause === "table") named({});
      frame = inner;
    } else if (word === ")") {
      frame = frame.up ?? frame;
    } else if (word === ",") {
      frame.clause = frame.from ? "table" : frame.sets ? "target" : frame.clause;
    } else if (word === "=" || word === "to") {
      frame.clause = { target: "expression", path: "schema" }[frame.clause] ?? frame.clause;
    } else if (word === "search_path" && first === "set") {
      frame.clause = "path";
    } else if (ENDS.has(word)) {
      const clause = { for: "", values: "value" }[word] ?? "expression";
      Object.assign(frame, { query: true, from: false, sets: false, listed: false, clause });
    } else if (word === "from") {
      // Not that of EXTRACT(… FROM …) or IS DISTINCT FROM.
      if (before === "distinct" || (frame.up && !frame.query && before !== "delete")) continue;
      Object.assign(frame, { from: true, sets: false, aimed: before === "delete", clause: "table" });
    } else if (FOLLOWED.has(word) || (word === "table" && before !== "create")) {
      const listed = word === "references" || word === "copy";
      Object.assign(frame, { clause: "table", listed, aimed: first === "alter" });
    } else if (word === "into" || (word === "update" && [undefined, "(", ")", "explain", "analyze"].includes(before))) {
      Object.assign(frame, { clause: "table", aimed: true, listed: word === "into" });
    } else if (word === "using" && next !== "(") {
      const from = first === "delete" || first === "merge";
      Object.assign(frame, { from, aimed: false, listed: false, clause: from ? "table" : "expression" });
    } else if (word === "on") {
      const listed = ABOUT.has(first) && !frame.query;
      Object.assign(frame, { listed, clause: listed ? "table" : "expression" });
    } else if (word === "set" && first !== "set") {
      Object.assign(frame, { clause: "target", sets: true, from: false });
    } else if (word === "column" || word === "do") {
      frame.clause = word === "do" || before === "add" ? "" : "target";
    } else if (name !== undefined && !WORDS.has(word)) {
      if (first === "with" && next === "as" && ["(", "not", "materialized"].includes(list[at + 2]?.word)) {
        withs.push(name);
      } else if (frame.clause === "table") {
        const source = { name };
        while (list[at + 1]?.word === "." && list[at + 2]?.name !== undefined) {
          Object.assign(source, { schema: source.name, name: list[(at += 2)].name });
        }
        // What a function has for columns is not known.
        named(list[at + 1]?.word === "(" && !frame.listed ? { alias: source.name } : source);
      } else if (frame.clause === "named" && before !== "." && frame.last) {
        frame.last.alias ??= name;
      }
    }
  }
  return { sources, withs, here };
}

const quote = (name) => (/^[a-z_][a-z0-9_$]*$/.test(name) && !WORDS.has(name) ? name : `"${name.replaceAll('"', '""')}"`);

/** How well a name goes with what is written of it: 0 it is that, 1 it begins so, then a part of it; -1 not. */
function rank(written, name) {
  const lower = name.toLowerCase();
  if (lower.startsWith(written)) return lower.length > written.length ? 1 : 0;
  if (lower.includes(`_${written}`)) return 2;
  return written.length > 1 && lower.includes(written) ? 3 : -1;
}

/** Tables and schemas, those first that need no schema's name before them. */
function tables({ all, quoted }, written) {
  const seen = [], others = [], system = [];
  for (const each of all) {
    const list = SYSTEM.has(each.schema) ? system : each.seen ? seen : others;
    if (list !== system || (each.seen && written.length >= SYSTEM_FROM && each.name.startsWith(written))) {
      list.push({ kind: "table", name: each.name, text: each.seen ? each.text : each.full });
    }
  }
  return [...seen, ...schemas(quoted, written, "."), ...others, ...system];
}

function schemas(quoted, written, end) {
  const meant = quoted.filter((each) => !SYSTEM.has(each) || (written.length >= SYSTEM_FROM && each.startsWith(written)));
  return meant.map((each) => ({ kind: "schema", name: plain(each), text: each + end }));
}

/**
 * What may stand where the cursor is: `items`, the best first, in place of the text between `from` and `to`.
 *
 * `back` of an item is how far from its end the cursor goes. `wants` has tables whose columns are to be known first,
 * and `begun` says whether anything is written that asks for a name.
 */
export function complete(text, cursor, names) {
  const { found: before, within } = tokens(text.slice(0, cursor));
  const found = { from: cursor, to: cursor, items: [], total: 0, wants: [], begun: false };
  let written = "";
  if (within === "other") return found;
  const own = before.at(-1);
  if (own?.name !== undefined && own.end === cursor && (own.word || within)) {
    before.pop();
    written = own.name.toLowerCase();
    const more = text.slice(cursor).match(within ? /^[^\s",;()]*"/ : /^[\w$\u0080-\uffff]*/);
    Object.assign(found, { from: own.at, to: cursor + (more?.[0].length ?? 0) });
    if (!within && WORDS.has(written)) return found;
  }
  const chain = [];
  while (chain.length < 2 && before.at(-1)?.word === "." && before.at(-2)?.name !== undefined) chain.unshift(before.splice(-2)[0].name);
  found.begun = written !== "" || within !== null || chain.length > 0;
  before.splice(0, before.findLastIndex((each) => each.word === ";") + 1);
  const after = tokens(text.slice(found.to)).found;
  const end = after.findIndex((each) => each.word === ";");
  if (!before.length || isOperand(before)) return found;
  const statement = read([...before, CURSOR, ...(end < 0 ? after : after.slice(0, end))]);
  const offered = statement.here.clause && [...offers(statement, chain, names, written, found.wants)];
  const ranked = [];
  for (const item of offered || []) {
    const at = rank(written, item.name);
    if (at >= 0) ranked.push({ ...item, at });
  }
  // Stable: what is as good keeps the order in which it was offered.
  ranked.sort((one, other) => Math.min(one.at, 2) - Math.min(other.at, 2));
  const called = text[found.to] === "(";
  const items = ranked.slice(0, MOST).map(({ kind, text, about = kind }) => {
    const back = kind === "function" && !called ? 1 : 0;
    return { kind, about, back, text: back ? `${text}()` : text };
  });
  return { ...found, items, total: ranked.length };
}

/** Whether a statement goes on with an operator, a word or a new name after its last token, and with none that there is. */
function isOperand(list) {
  const { word, name, value } = list.at(-1);
  if (word === "*") return ["select", "distinct", "all", "returning", ",", "(", "."].includes(list.at(-2)?.word);
  if (value || [")", "::", ".", "as"].includes(word)) return true;
  return name !== undefined && (!WORDS.has(word) || VALUES.has(word));
}

/** Everything that is meant by the place, in the order in which it is offered. */
function offers({ sources, withs, here }, chain, names, written, wants) {
  const lookUp = ({ schema, name }) => {
    const at = schema ?? names.places.find((each) => names.schemas.get(each)?.has(name));
    return names.schemas.get(at)?.get(name);
  };
  const columns = (table, before = "") => {
    const listed = table && names.columns.get(key(table));
    if (table && !listed) wants.push(table);
    return (listed ?? []).map(([text, type]) => ({ kind: "column", name: plain(text), text: before + text, about: type }));
  };
  const of = (source) => source.name !== undefined && (source.schema !== undefined || !withs.includes(source.name)) ? columns(lookUp(source)) : [];
  const functions = names.functions.map((text) => ({ kind: "function", name: text, text }));
  const inSchema = (name) => [...(names.schemas.get(name)?.values() ?? [])].map(({ name, text }) => ({ kind: "table", name, text }));
  if (here.clause === "table") {
    if (chain.length) return chain.length === 1 ? inSchema(chain[0]) : [];
    const made = withs.map((name) => ({ kind: "table", name, text: quote(name) }));
    return [...made, ...tables(names, written), ...(here.aimed || here.listed ? [] : functions)];
  }
  if (here.clause === "schema") return chain.length ? [] : schemas(names.quoted, written, "");
  if (chain.length) {
    const [schema, name] = chain;
    if (name !== undefined) return columns(lookUp({ schema, name }));
    if (schema === "excluded" && here.target) return of(here.target);
    const source = sources.find((each) => (each.alias ?? each.name) === schema);
    if (source) return of(source);
    return names.schemas.has(schema) ? inSchema(schema) : columns(lookUp({ name: schema }));
  }
  if (here.clause === "target") return (here.target ? [here.target] : sources).flatMap(of);
  if (here.clause === "named" || here.clause === "path") return [];
  const lists = here.clause === "value" ? [] : sources.map((source) => [source, of(source)]);
  const often = new Map();
  for (const { name } of lists.flatMap(([, list]) => list)) often.set(name, (often.get(name) ?? 0) + 1);
  const own = lists.flatMap(([source, list]) =>
    list.map((each) => (often.get(each.name) > 1 && !here.bare ? { ...each, text: `${quote(source.alias ?? source.name)}.${each.text}` } : each)),
  );
  if (here.bare) return [...new Map(own.map((each) => [each.text, each])).values()];
  const called = [...new Set(sources.map((each) => each.alias ?? each.name))].filter((each) => each !== undefined);
  return [...own, ...called.map((name) => ({ kind: "table", name, text: quote(name) })), ...without(called, tables(names, written)), ...functions];
}

const without = (names, items) => items.filter((each) => !names.includes(each.text));

// Names of tables and columns as a statement is written, in a list at the cursor. Pages work without it.
import { complete, key, known } from "./completion.js";

/** Above so many letters nothing is looked for. */
const MOST_LETTERS = 100_000;
const area = document.getElementById("statement");
const list = document.getElementById("suggestions");
const heard = document.getElementById("suggested");
const mirror = document.createElement("div");
mirror.className = "mirror";
area.before(mirror);
for (const [name, value] of Object.entries({ autocomplete: "list", haspopup: "listbox", controls: list.id })) area.setAttribute(`aria-${name}`, value);
document.getElementById("suggests").hidden = false;

// To go on where the statement ends.
if (!area.selectionStart) area.setSelectionRange(area.value.length, area.value.length);

let names = null;
let found = null;
let chosen = 0, first = 0;
let turn = 0;

async function ask(address) {
  const answer = await fetch(address);
  // Who is not signed in any more is led elsewhere.
  if (!answer.ok || answer.redirected) throw new Error(address);
  return answer.json();
}

const asked = new Map();
/** What has been asked once is not asked again, unless there was no answer. */
function once(address, taken) {
  if (!asked.has(address)) {
    asked.set(address, ask(address).then(taken).catch(() => void asked.delete(address)));
  }
  return asked.get(address);
}

function close() {
  turn += 1;
  found = null;
  list.hidden = true;
  list.replaceChildren();
  area.removeAttribute("aria-activedescendant");
  heard.textContent = "";
}

/** How many are seen: no more than a small screen has room for, so that the list is never a thing to scroll. */
const most = () => (innerHeight < 400 ? 4 : 8);

/** Choose one, and have those around it seen. */
function choose(place) {
  const { items } = found;
  chosen = (place + items.length) % items.length;
  first = Math.max(chosen - most() + 1, Math.min(first, chosen));
  list.replaceChildren(...items.slice(first, first + most()).map((item, at) => option(item, first + at)));
  area.setAttribute("aria-activedescendant", `suggestion-${chosen}`);
}

function option({ text, about }, place) {
  const made = document.createElement("li");
  const given = { role: "option", "aria-setsize": found.items.length, "aria-posinset": place + 1 };
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
  made.id = `suggestion-${place}`;
  if (place === chosen) made.setAttribute("aria-selected", "true");
  made.append(document.createElement("bdi"), document.createElement("span"));
  made.firstChild.textContent = text;
  made.lastChild.textContent = about;
  return made;
}

/** Put the list below the name that is written, or above it where there is more room. */
function put() {
  mirror.style.width = `${area.clientWidth + 2}px`; // with its own borders
  mirror.textContent = area.value.slice(0, found.from);
  const mark = mirror.appendChild(document.createElement("span"));
  mark.textContent = "\u200b";
  const { height } = mark.getBoundingClientRect();
  const line = area.offsetTop + mark.offsetTop - area.scrollTop;
  const room = list.offsetParent.getBoundingClientRect();
  const seen = visualViewport ?? { offsetTop: 0, height: innerHeight };
  const below = seen.offsetTop + seen.height - (room.top + line + height);
  const above = room.top + line - seen.offsetTop;
  list.style.left = `${Math.max(0, Math.min(mark.offsetLeft, room.width - list.offsetWidth))}px`;
  list.style.top = `${below < list.offsetHeight && above > below ? line - list.offsetHeight : line + height}px`;
}

function show(next) {
  found = next;
  first = 0;
  choose(0);
  list.hidden = false;
  put();
  const shown = found.items.length < found.total ? `, the first ${found.items.length} are shown` : "";
  heard.textContent = `${found.total} suggestion${found.total === 1 ? "" : "s"}${shown}`;
}

/** Whether the one that is chosen is what is written already. */
const isWritten = () => found.items[chosen].text === area.value.slice(found.from, found.to);

/** Look for what the statement may go on with; `wanted` if somebody has asked, and does not just write. */
async function suggest(wanted) {
  const now = (turn += 1);
  const { value, selectionStart: at, selectionEnd } = area;
  if (at !== selectionEnd || value.length > MOST_LETTERS || (!wanted && /[\w$]/.test(value[at] ?? ""))) return close();
  await once("/sql/names", (given) => void (names = known(given)));
  if (now !== turn) return;
  if (!names) return close();
  let next = complete(value, at, names);
  if (next.wants.length) {
    await Promise.all(
      next.wants.map((table) => {
        const address = `/sql/columns?${new URLSearchParams({ schema: table.schema, table: table.name })}`;
        return once(address, (given) => void names.columns.set(key(table), given));
      }),
    );
    if (now !== turn) return;
    next = complete(value, at, names);
  }
  const { items, begun, from, to } = next;
  const isDone = !begun || (items.length === 1 && items[0].text === value.slice(from, to));
  if (items.length && (wanted || !isDone)) return show(next);
  close();
  if (wanted) heard.textContent = "No suggestions";
}

function accept() {
  const { text, back, kind } = found.items[chosen];
  const { from, to } = found;
  close();
  area.focus();
  area.setSelectionRange(from, to);
  taking = true;
  // So that it can be undone; there is no other way that can.
  if (!document.execCommand("insertText", false, text)) area.setRangeText(text, from, to, "end");
  taking = false;
  if (back) area.setSelectionRange(from + text.length - back, from + text.length - back);
  if (kind === "schema" && text.endsWith(".")) suggest(true);
}
let taking = false;

area.addEventListener("input", (event) => {
  if (taking) return;
  if (/^(insertText|insertCompositionText|deleteContent)/.test(event.inputType)) suggest(false);
  else close();
});
area.addEventListener("keydown", (event) => {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  if (event.isComposing) return;
  if (event.key === " " && event.ctrlKey && !event.metaKey && !event.altKey) suggest(true);
  else if (!found || list.hidden || event.key === "Shift") return;
  else if (event.key === "Escape") close();
  else if (plain && event.key === "ArrowDown") choose(chosen + 1);
  else if (plain && event.key === "ArrowUp") choose(chosen - 1);
  else if (plain && (event.key === "Tab" || event.key === "Enter") && !isWritten()) accept();
  else if (["Tab", "Enter"].includes(event.key) || /^(Arrow|Home|End|Page)/.test(event.key)) return close();
  else return;
  event.preventDefault();
});
area.addEventListener("pointerdown", close);
area.addEventListener("blur", close);
area.addEventListener("scroll", () => list.hidden || put());
// The field keeps the focus, also where a finger has touched.
list.addEventListener("mousedown", (event) => event.preventDefault());
list.addEventListener("click", (event) => {
  const place = [...list.children].indexOf(event.target.closest("[role=option]"));
  if (place < 0) return;
  chosen = first + place;
  accept();
});
list.addEventListener("wheel", (event) => {
  event.preventDefault();
  choose(Math.max(0, Math.min(found.items.length - 1, chosen + Math.sign(event.deltaY))));
});

"use strict";
// Steps of an apply as they are done, and a word where something takes a while. Pages work without it.
const list = document.getElementById("heard");
if (list && list.dataset.events) {
  const bar = document.getElementById("bar");
  const source = new EventSource(list.dataset.events);
  const add = (text, kind) => {
    const item = document.createElement("li");
    item.textContent = text;
    if (kind) item.className = kind;
    list.append(item);
    return item;
  };
  source.addEventListener("step", (event) => {
    const step = JSON.parse(event.data);
    bar.max = step.count;
    bar.value = Math.max(bar.value, step.number);
    const seconds = document.createElement("span");
    seconds.className = "quiet";
    seconds.textContent = `${step.seconds} s`;
    add(`${step.number} of ${step.count}: ${step.what} `).append(seconds);
  });
  source.addEventListener("notice", (event) => {
    const said = JSON.parse(event.data);
    add(said.hint ? `${said.message} ${said.hint}` : said.message, said.severity === "WARNING" ? "warning" : "notice");
  });
  source.addEventListener("end", () => {
    source.close();
    location.reload();
  });
  // Repeated from its beginning the list would be wrong: the page knows better.
  source.addEventListener("error", () => {
    source.close();
    setTimeout(() => location.reload(), 2000);
  });
}
const statement = document.getElementById("statement");
if (statement) {
  statement.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    statement.form.requestSubmit();
  });
}
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    const button = form.querySelector("button:not([type=button])");
    // Not disabled: it would lose the focus.
    if (button.getAttribute("aria-disabled")) event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    button.textContent = form.dataset.busy;
  });
}
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
    }
  });
}

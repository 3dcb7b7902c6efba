"use strict";
(() => {
  const AT_ONCE = 200;
  const rows = JSON.parse(document.getElementById("rows").textContent);
  const list = document.getElementById("list");
  const more = document.getElementById("more");
  const words = document.getElementById("words");
  const found = document.getElementById("found");
  let chosen = rows;
  let shown = 0;

  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const fieldsOf = (row) => {
    const table = element("table");
    const head = table.createTHead().insertRow();
    for (const text of ["field", "old", "new"]) {
      const cell = element("th", text);
      cell.scope = "col";
      head.append(cell);
    }
    const body = table.createTBody();
    for (const [path, old, wanted] of row[6]) {
      const line = body.insertRow();
      const name = element("th", path);
      name.scope = "row";
      line.append(name);
      line.insertCell().append(element("del", old, "value"));
      line.insertCell().append(element("ins", wanted, "value"));
    }
    return table;
  };

  const itemOf = (row) => {
    const [type, id, name, word, moved, reason, fields, left] = row;
    const folded = fields.length > 0 || left > 0;
    const item = element(folded ? "details" : "div", undefined, folded ? "item" : "item plain");
    const line = folded ? item.appendChild(element("summary")) : item;
    line.append(element("span", word, "word"), " ", element("span", `${type}=${id}`, "key"), ` ${name}`);
    if (moved) line.append(element("span", ` → ${moved}`, "key"));
    if (reason) line.append(element("span", `: ${reason}`, "word"));
    if (folded) {
      item.addEventListener("toggle", () => {
        if (item.childElementCount > 1) return;
        if (fields.length > 0) item.append(fieldsOf(row));
        if (left > 0) item.append(element("p", `${left} more fields are in the JSON report.`));
      });
    }
    return item;
  };

  const showMore = () => {
    const next = chosen.slice(shown, shown + AT_ONCE);
    list.append(...next.map(itemOf));
    shown += next.length;
    more.hidden = shown >= chosen.length;
    found.textContent = `${chosen.length} of ${rows.length} items, ${shown} shown`;
  };

  const textOf = (row) =>
    [row[0] + "=" + row[1], row[2], row[3], row[5], ...row[6].map((field) => field[0])].join("\n").toLowerCase();

  let texts = null;
  const search = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (wanted.length > 0 && texts === null) texts = rows.map(textOf);
    chosen = wanted.length > 0 ? rows.filter((_, at) => wanted.every((word) => texts[at].includes(word))) : rows;
    list.replaceChildren();
    shown = 0;
    showMore();
  };

  if (rows.length === 0) return;
  document.getElementById("items").hidden = false;
  document.getElementById("search").addEventListener("submit", (event) => event.preventDefault());
  words.addEventListener("input", search);
  more.addEventListener("click", showMore);
  const asked = new URLSearchParams(location.hash.slice(1)).get("search");
  if (asked) words.value = asked;
  search();
  if (asked) for (const one of list.querySelectorAll("details")) one.open = true;
})();

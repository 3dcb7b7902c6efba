"use strict";
(async () => {
  const AT_ONCE = 200;
  const FEW = 3;
  if (document.getElementById("items") === null) return;
  const list = document.getElementById("list");
  const more = document.getElementById("more");
  const words = document.getElementById("words");
  const found = document.getElementById("found");
  const count = Number(list.dataset.count);
  let rows = JSON.parse(document.getElementById("rows").textContent);
  let chosen = rows;
  let shown = 0;

  // Of many rows only the first are plain text.
  const others = async () => {
    const bytes = Uint8Array.from(atob(document.getElementById("data").textContent), (byte) => byte.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  };

  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  // Texts of either direction: what stands beside them keeps its place.
  const value = (name, text) => {
    const made = element(name, text, "value");
    made.dir = "auto";
    return made;
  };

  const fieldsOf = (row) => {
    // The roles stay where a narrow screen shows each row as a block.
    const as = (made, role) => {
      made.setAttribute("role", role);
      return made;
    };
    const table = as(element("table", undefined, "fields"), "table");
    const head = as(as(table.createTHead(), "rowgroup").insertRow(), "row");
    for (const text of ["field", "old", "new"]) {
      const cell = as(element("th", text), "columnheader");
      cell.scope = "col";
      head.append(cell);
    }
    const body = as(table.createTBody(), "rowgroup");
    for (const [path, old, wanted] of row[6]) {
      const line = as(body.insertRow(), "row");
      const name = as(element("th", path), "rowheader");
      name.scope = "row";
      line.append(name);
      as(line.insertCell(), "cell").append(value("del", old));
      as(line.insertCell(), "cell").append(value("ins", wanted));
    }
    return table;
  };

  const partsOf = (row) => {
    const parts = element("ul");
    for (const part of row[7]) parts.appendChild(element("li")).append(element("del", "delete"), " ", element("bdi", part));
    return parts;
  };

  const fill = (item, row) => {
    if (item.childElementCount > 1) return;
    if (row[6].length > 0) item.append(fieldsOf(row));
    if (row[8] > 0) item.append(element("p", `${row[8]} more fields are in the JSON report.`));
    if (row[7].length > 0) item.append(partsOf(row));
  };

  const itemOf = (row) => {
    const [type, id, name, word, moved, reason, fields, gone, left] = row;
    const folded = fields.length > 0 || gone.length > 0 || left > 0;
    const item = element(folded ? "details" : "div", undefined, folded ? "item" : "item plain");
    const line = folded ? item.appendChild(element("summary")) : item;
    line.append(element("span", word, "word"), " ", element("span", `${type}=${id}`, "key"), " ", element("bdi", name));
    if (moved) line.append(element("span", ` → ${moved}`, "key"));
    if (reason) line.append(element("span", ": ", "word"), element("bdi", reason, "word"));
    if (folded) {
      item.addEventListener("toggle", () => fill(item, row));
      item.addEventListener("fill", () => fill(item, row));
      // A few items are read whole.
      if (count <= FEW) item.open = true;
    }
    return item;
  };

  const showMore = () => {
    const next = chosen.slice(shown, shown + AT_ONCE);
    list.append(...next.map(itemOf));
    shown += next.length;
    const all = chosen === rows ? count : chosen.length;
    more.hidden = shown >= all;
    found.textContent = `${all} of ${count} items, ${shown} shown`;
  };

  const textOf = (row) =>
    [row[0] + "=" + row[1], row[2], row[3], row[4], row[5], ...row[6].map((field) => field[0]), ...row[7]].join("\n").toLowerCase();

  let texts = null;
  const search = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (wanted.length > 0 && texts === null) texts = rows.map(textOf);
    chosen = wanted.length > 0 ? rows.filter((_, at) => wanted.every((word) => texts[at].includes(word))) : rows;
    list.replaceChildren();
    shown = 0;
    showMore();
  };

  // On paper nothing can be unfolded: all that is shown is unfolded before, and folded again afterwards.
  let unfolded = [];
  window.addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details:not([open])")];
    for (const one of unfolded) {
      one.dispatchEvent(new Event("fill"));
      one.open = true;
    }
  });
  window.addEventListener("afterprint", () => {
    for (const one of unfolded) one.open = false;
  });

  document.getElementById("search").addEventListener("submit", (event) => event.preventDefault());
  words.addEventListener("input", search);
  more.addEventListener("click", showMore);
  const asked = new URLSearchParams(location.hash.slice(1)).get("search");
  const begin = () => {
    search();
    if (asked) for (const one of list.querySelectorAll("details")) one.open = true;
  };
  if (asked) words.value = asked;
  begin();
  if (rows.length < count) {
    try {
      rows = [...rows, ...(await others())];
      texts = null;
      if (words.value || shown < AT_ONCE) begin();
      else chosen = rows;
    } catch (error) {
      found.textContent = `This browser cannot unpack the list of items (${error}). The JSON report lists them, too.`;
      return;
    }
  }
  document.documentElement.dataset.ready = "yes";
})();

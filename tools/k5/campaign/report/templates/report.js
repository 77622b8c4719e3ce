// The page is complete without this: it folds long tables, filters, and copies.
"use strict";

(() => {
  const each = (where, selector, action) => where.querySelectorAll(selector).forEach(action);
  const byId = (id) => document.getElementById(id);

  // Copying. Pages that were opened as files are not always allowed the clipboard.
  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const field = document.createElement("textarea");
      field.value = text;
      field.className = "hidden";
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      return done;
    }
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const done = await copied(button.dataset.copy);
    button.focus();
    button.textContent = done ? "Copied" : "Failed";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  // Long tables: the worst rows first, the others on demand.
  each(document, "table[data-fold]", (table) => {
    const rows = [...table.tBodies[0].rows].slice(Number(table.dataset.fold));
    if (rows.length < 3) return;
    const button = document.createElement("button");
    const fold = (folded) => {
      rows.forEach((row) => row.classList.toggle("folded", folded));
      button.textContent = folded ? `Show ${rows.length} more` : "Show fewer";
      button.setAttribute("aria-expanded", String(!folded));
    };
    button.type = "button";
    button.className = "more";
    button.addEventListener("click", () => fold(button.getAttribute("aria-expanded") === "true"));
    table.after(button);
    fold(true);
  });

  // A line of source: all its outcomes below it.
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".hits button");
    if (!button) return;
    const row = button.closest("tr");
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) {
      row.nextElementSibling.remove();
      return;
    }
    const note = document.createElement("tr");
    const cell = note.insertCell();
    note.className = "note";
    cell.colSpan = 3;
    cell.textContent = button.title;
    row.after(note);
  });

  // The chart: what the pointer or a finger is on, in words.
  each(document, ".chart", (chart) => {
    const readout = chart.querySelector(".readout");
    readout.textContent = "Point at a column for its numbers.";
    let last = null;
    const tell = (event) => {
      const column = event.target.closest("g[data-column]");
      if (!column || column === last) return;
      last?.classList.remove("on");
      column.classList.add("on");
      last = column;
      readout.textContent = column.querySelector("title").textContent;
    };
    chart.addEventListener("pointermove", tell);
    chart.addEventListener("pointerdown", tell);
  });

  // What was not masked: filtered, and a page at a time.
  const table = document.querySelector("table.findings");
  if (!table) return;
  const PAGE = 25;
  const rows = [...table.tBodies[0].rows].map((row) => ({
    row, class: row.dataset.class, task: row.dataset.task, text: row.textContent.toLowerCase(),
  }));
  let page = 0;
  const show = () => {
    const [class_, task] = [byId("by-class").value, byId("by-task").value];
    const words = byId("by-text").value.toLowerCase().split(/\s+/);
    const found = rows.filter((one) => (!class_ || one.class === class_)
      && (!task || one.task === task) && words.every((word) => one.text.includes(word)));
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    const visible = new Set(found.slice(page * PAGE, (page + 1) * PAGE));
    rows.forEach((one) => one.row.classList.toggle("folded", !visible.has(one)));
    const first = found.length ? page * PAGE + 1 : 0;
    byId("shown").textContent = found.length > PAGE
      ? `Rows ${first} to ${Math.min(first + PAGE - 1, found.length)} of ${found.length.toLocaleString("en")}`
      : `${found.length} ${found.length === 1 ? "row" : "rows"}`;
    byId("page").textContent = `Page ${page + 1} of ${pages}`;
    byId("back").disabled = page === 0;
    byId("on").disabled = page === pages - 1;
    document.querySelector(".pager").hidden = pages === 1;
  };
  const turn = (by) => {
    page += by;
    show();
    byId("findings").scrollIntoView();
  };
  byId("back").addEventListener("click", () => turn(-1));
  byId("on").addEventListener("click", () => turn(1));
  ["by-class", "by-task", "by-text"].forEach((id) => byId(id).addEventListener("input", () => {
    page = 0;
    show();
  }));
  document.querySelector(".filters").hidden = false;
  show();
})();

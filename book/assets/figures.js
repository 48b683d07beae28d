/* What a page of the book can do with a script, and does without where there is none: a larger view of each panel,
   a button that copies a command, tables that are sorted by a click, filtered by words and become cards on a phone,
   folds that share a line, and are open in print. */
(() => {
  "use strict";

  function enlarge(panel) {
    const view = document.createElement("dialog");
    view.className = "dam-view";
    const close = document.createElement("button");
    close.textContent = "Close";
    close.addEventListener("click", () => view.close());
    const copy = panel.cloneNode(true);
    copy.removeAttribute("id");
    copy.removeAttribute("data-enlarge");
    view.append(close, copy);
    view.addEventListener("click", event => event.target === view && view.close());
    view.addEventListener("close", () => {
      view.remove();
      panel.focus();
    });
    document.body.append(view);
    view.showModal();
  }

  function panels() {
    for (const panel of document.querySelectorAll("[data-enlarge]")) {
      panel.setAttribute("role", "button");
      panel.title = "Enlarge";
      panel.addEventListener("click", () => enlarge(panel));
      panel.addEventListener("keydown", event => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          enlarge(panel);
        }
      });
    }
  }

  function commands() {
    for (const command of document.querySelectorAll(".dam-command")) {
      const button = document.createElement("button");
      button.className = "dam-copy";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(command.textContent);
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = "Copy"), 1500);
      });
      command.after(button);
    }
  }

  /* A cell's number, if it starts with one ("1,024", "35 %", "0.03 [0.01, 0.05]"); its text otherwise. */
  function key(cell) {
    const text = cell.textContent.trim();
    const number = parseFloat(text.replace(/[,\u202f\u00a0](?=\d{3})/g, "").replace("\u2212", "-"));
    return Number.isNaN(number) ? text.toLowerCase() : number;
  }

  function compare(a, b) {
    if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
    return typeof a === "number" ? -1 : 1;
  }

  function sortable(table, heads) {
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.className = "dam-sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach(each => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row, place) => ({ row, place, key: key(row.cells[column]) }));
        rows.sort((a, b) => (down ? compare(b.key, a.key) : compare(a.key, b.key)) || a.place - b.place);
        body.append(...rows.map(each => each.row));
      });
    });
  }

  /* A box above a very long table that leaves the rows with the words typed into it. */
  function filterable(table, rows) {
    const box = document.createElement("input");
    box.type = "search";
    box.className = "dam-filter";
    box.placeholder = `Filter ${rows.length} rows`;
    box.setAttribute("aria-label", box.placeholder);
    box.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\s+/);
      rows.forEach(row => (row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word))));
    });
    table.before(box);
  }

  function tables() {
    for (const table of document.querySelectorAll(".bd-article table")) {
      const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
      const rows = [...(table.tBodies[0]?.rows ?? [])];
      if (heads.length < 2 || !heads.some(head => head.textContent.trim())) continue;
      table.classList.add("dam-table");
      for (const row of rows) {
        [...row.cells].forEach((cell, column) => {
          cell.dataset.label = heads[column]?.textContent.trim() ?? "";
          if (!cell.textContent.trim() && !cell.querySelector("img, svg")) cell.dataset.empty = "";
        });
      }
      const long = rows.some(row => [...row.cells].some(cell => cell.textContent.length > 40));
      if (long) table.classList.add("dam-cards");
      if (rows.length > 10) sortable(table, heads);
      if (rows.length > 25) filterable(table, rows);
    }
  }

  /* Parameters are called so, and folded cells that show nothing stand in one line. */
  function cells() {
    for (const [kind, words] of [["parameters", "Parameters"], ["injected-parameters", "Parameters of this page"]]) {
      const name = document.querySelector(`.cell.tag_${kind} > details.hide > summary > .collapsed`);
      if (name) name.textContent = words;
    }
    const silent = [...document.querySelectorAll(".bd-article .cell:has(> details.hide):not(:has(> .cell_output))")];
    for (const cell of silent) {
      if (silent.includes(cell.previousElementSibling) || cell.parentElement.matches(".dam-folds")) continue;
      const line = document.createElement("div");
      line.className = "dam-folds";
      cell.before(line);
      for (let next = cell; silent.includes(next); next = line.nextElementSibling) line.append(next);
    }
  }

  /* Keeps what closes a clause with the formula before it: a line may break after a formula, and a comma is not a line. */
  function formulas() {
    for (const formula of document.querySelectorAll(".bd-article span.math")) {
      const after = formula.nextSibling;
      const closing = after?.nodeType === Node.TEXT_NODE && after.data.match(/^[.,;:!?)\]\u201d\u2019]+/);
      if (!closing) continue;
      after.splitText(closing[0].length);
      const bound = document.createElement("span");
      bound.className = "dam-bound";
      formula.before(bound);
      bound.append(formula, after);
    }
  }

  function folds() {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll(".bd-article details:not([open])")];
      opened.forEach(fold => (fold.open = true));
    });
    addEventListener("afterprint", () => opened.forEach(fold => (fold.open = false)));
  }

  document.addEventListener("DOMContentLoaded", () => {
    panels();
    commands();
    tables();
    cells();
    formulas();
    folds();
  });
})();

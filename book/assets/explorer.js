// The map explorer: shows window.DAMCORE_MAPS, which book/data.py writes. Plain scripts, so that it runs from file://.
(() => {
  "use strict";
  const { sweeps, missing, near, colours } = window.DAMCORE_MAPS;
  const { blank, draw, excuse, cellAt, label, phone } = window.damcoreHeatMap;
  const { region, findings } = window.damcoreRegions;
  const NAMES = { leaky: "leaky rectified polynomial", large: "large n" };
  const NUMBERS = ["mean", "least", "largest"];
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const HINT = "Point at a cell, or press Tab until a map has the focus and use the arrow keys.";
  // cursor: {x, rate}, on the axes that both maps have.
  const chosen = { interaction: null, grid: null, n: 2, cursor: null };

  // ---- small tools

  function html(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }
  const unique = (values) => [...new Set(values)];
  const capital = (text) => text[0].toUpperCase() + text.slice(1);
  const within = (k, values) => Math.max(0, Math.min(values.length - 1, k));
  const nearest = (values, wanted) => {
    const far = values.map((value) => Math.abs(Math.log(value / wanted)));
    return far.indexOf(Math.min(...far));
  };

  // ---- what there is to choose from

  const gridOf = (sweep) => `${NAMES[sweep.grid] ?? sweep.grid}, N = ${sweep.N}, K = ${sweep.K}`;
  const keyOf = (sweep) => `${sweep.grid}-${sweep.N}-${sweep.K}`; // short, for links
  const isShown = (sweep) => sweep.interaction === chosen.interaction && keyOf(sweep) === chosen.grid;
  const find = (list, network) => list.find((sweep) => isShown(sweep) && sweep.network === network);
  const interactions = () => unique(sweeps.map((sweep) => sweep.interaction));
  const grids = () => unique(sweeps.filter((sweep) => sweep.interaction === chosen.interaction).map(keyOf));
  const vertices = () => unique(sweeps.filter(isShown).flatMap((sweep) => sweep.vertices)).sort((a, b) => a - b);
  const limit = () => Math.max(...sweeps.filter(isShown).map((sweep) => sweep.random_level));

  // The common axis: N times 1/T of the original network is 1/T of the modified one.
  for (const sweep of sweeps) {
    const unit = sweep.network === "original" ? sweep.N : 1;
    sweep.x = sweep.inverse.map((inverse) => Number((inverse * unit).toPrecision(4)));
  }

  // ---- a panel: one network's map

  const fillOf = (value) => colours[Math.min(colours.length - 1, Math.floor((value / limit()) * colours.length))];

  function showPanel(panel) {
    panel.sweep = find(sweeps, panel.network);
    panel.map = panel.sweep?.maps[chosen.n];
    panel.title.textContent = `${capital(panel.network)} network, n = ${chosen.n}`;
    panel.frame.setAttribute("aria-label", `${panel.title.textContent}: map of the mean distance`);
    panel.frame.tabIndex = panel.map ? 0 : -1;
    panel.mark = panel.map ? drawMap(panel) : () => {};
    if (!panel.map) excuse(panel.picture, reasons(panel));
  }

  const drawMap = ({ picture, sweep, map, network }) =>
    draw(picture, {
      x: sweep.x,
      y: sweep.rates,
      fills: map.mean.map(fillOf),
      region: map.mean.map((value) => value <= near),
      xlabel: `inverse temperature ${network === "original" ? "N/T" : "1/Tₘ"}`,
      ylabel: "learning rate",
    });

  function reasons({ network, sweep }) {
    if (sweep) return [`n = ${chosen.n} is not among`, "the vertices of this sweep."];
    const planned = find(missing, network);
    return planned ? [planned.name, "is not computed yet."] : ["This grid is not swept", `with the ${network} network.`];
  }

  // ---- the cursor and its numbers

  function cellOf({ sweep, map }) {
    if (!map || !chosen.cursor) return null;
    const [i, j] = [nearest(sweep.x, chosen.cursor.x), nearest(sweep.rates, chosen.cursor.rate)];
    const index = j * sweep.x.length + i;
    const numbers = NUMBERS.map((name) => map[name][index].toFixed(3));
    return { i, j, numbers: [...numbers, `${map.diverged[index]} of ${sweep.repeats}`] };
  }

  function moveTo({ sweep: { x, rates } }, i, j) {
    chosen.cursor = { x: x[within(i, x)], rate: rates[within(j, rates)] };
    showCell();
  }

  function moveToBest(panel) {
    const best = panel.map.mean.indexOf(Math.min(...panel.map.mean));
    moveTo(panel, best % panel.sweep.x.length, Math.floor(best / panel.sweep.x.length));
  }

  function clear() {
    chosen.cursor = null;
    showCell();
  }

  function showCell() {
    for (const panel of panels) {
      const cell = cellOf(panel);
      panel.mark(cell);
      panel.numbers.forEach((box, k) => (box.textContent = cell ? cell.numbers[k] : "–"));
    }
    if (!chosen.cursor) return where.replaceChildren(HINT);
    const { x, rate } = chosen.cursor;
    const own = label(x / sweeps.find(isShown).N);
    const rest = ` = ${label(x)} (1/T = ${own} of the original network), learning rate ${label(rate)}`;
    where.replaceChildren("N/T = 1/T", html("sub", {}, "m"), rest);
  }

  /** Only what the keyboard does is read out: a live region that follows the mouse would never be quiet. */
  function speak(panel) {
    const cell = cellOf(panel);
    if (!cell) return (spoken.textContent = "Cleared.");
    const [mean, least, largest, diverged] = cell.numbers;
    const { x, rate } = chosen.cursor;
    spoken.textContent =
      `${panel.title.textContent}: inverse temperature ${label(x)}, learning rate ${label(rate)}, ` +
      `mean distance ${mean}${Number(mean) <= near ? ", in the optimal region" : ""}, ` +
      `least ${least}, largest ${largest}, ${diverged} networks diverged.`;
  }

  function onKey(panel, event) {
    if (!panel.map || (event.key !== "Escape" && !ARROWS[event.key])) return;
    event.preventDefault(); // the page would scroll,
    event.stopPropagation(); // and some themes turn to the next one
    const cell = cellOf(panel);
    if (event.key === "Escape") clear();
    else if (!cell) moveToBest(panel);
    else moveTo(panel, cell.i + ARROWS[event.key][0], cell.j + ARROWS[event.key][1]);
    speak(panel);
    remember();
  }

  function onPointer(panel, event) {
    const cell = panel.map && cellAt(panel.picture, event, panel.sweep.x.length, panel.sweep.rates.length);
    if (cell) moveTo(panel, cell.i, cell.j);
  }

  function onFocus(panel) {
    if (!panel.map) return;
    if (!chosen.cursor) moveToBest(panel);
    speak(panel);
  }

  // ---- links and the tour

  function state() {
    const { interaction, grid, n, cursor } = chosen;
    return new URLSearchParams({ interaction, grid, n, ...(cursor ? { x: cursor.x, rate: cursor.rate } : {}) });
  }

  /** Keep what the reader chose in the address; what the mouse only passes over is not kept. */
  function remember() {
    history.replaceState(null, "", `#${state()}`);
  }

  /** Show what the address names; what it does not name, or what is not there, is as at the beginning. */
  function restore() {
    const named = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    const [n, x, rate] = ["n", "x", "rate"].map((name) => Number(named[name]));
    Object.assign(chosen, { interaction: named.interaction, grid: named.grid, n: n > 0 ? n : 2, cursor: null });
    show();
    const panel = panels.find(({ map }) => map);
    if (panel && x > 0 && rate > 0) moveTo(panel, nearest(panel.sweep.x, x), nearest(panel.sweep.rates, rate));
  }

  function copyLink() {
    remember();
    const copied = navigator.clipboard ? navigator.clipboard.writeText(location.href) : Promise.reject();
    copied.then(() => (told.textContent = "The link is copied."), () => (told.textContent = "The address bar has the link."));
  }

  function nextFinding() {
    const { sweep, n, text } = tour[step % tour.length];
    told.textContent = `${(step % tour.length) + 1} of ${tour.length}: ${text}`;
    step += 1;
    Object.assign(chosen, { interaction: sweep.interaction, grid: keyOf(sweep), n, cursor: null });
    show();
    remember();
  }

  // ---- the elements, made once

  const tour = findings(sweeps, near);
  let step = 0;
  const told = html("p", { class: "told", "aria-live": "polite" });

  function makePanel(network) {
    const picture = blank();
    const frame = html("div", { class: "map", role: "application", "aria-describedby": "explorer-keys" }, picture);
    const numbers = [...NUMBERS, "diverged"].map((name) => html("td", { "data-is": name }));
    const row = html("tr", { "data-network": network }, html("th", { scope: "row" }, capital(network)), ...numbers);
    const place = ["cells", "decades", "inverse", "rate"].map((name) => html("td", { "data-is": name }));
    const size = html("tr", { "data-region": network }, html("th", { scope: "row" }, capital(network)), ...place);
    const panel = { network, picture, frame, numbers, row, place, size, title: html("p", { class: "title" }) };
    frame.addEventListener("keydown", (event) => onKey(panel, event));
    frame.addEventListener("pointermove", (event) => onPointer(panel, event));
    frame.addEventListener("pointerdown", (event) => {
      onPointer(panel, event);
      remember();
    });
    frame.addEventListener("focus", () => onFocus(panel));
    frame.addEventListener("pointerleave", (event) => {
      // A lifted finger leaves, too; and a map that was clicked has the focus and keeps its cell.
      if (event.pointerType === "mouse" && document.activeElement !== frame) clear();
    });
    return panel;
  }

  function makeChoice(name) {
    const select = html("select", { name });
    select.addEventListener("change", () => {
      Object.assign(chosen, { [name]: select.value, cursor: null });
      show();
      remember();
    });
    return select;
  }

  const panels = ["original", "modified"].map(makePanel);
  const [interaction, grid] = ["interaction", "grid"].map(makeChoice);
  const slider = html("input", { type: "range", min: 0, step: 1, id: "explorer-n" });
  const vertex = html("output", { for: "explorer-n" });
  const [bar, where] = [html("div", { class: "bar" }), html("caption")];
  const spoken = html("p", { class: "spoken", "aria-live": "polite" });
  const origin = html("p", { class: "origin" });
  slider.addEventListener("input", () => {
    chosen.n = vertices()[slider.value];
    show();
    remember();
  });

  const table = (name, caption, head, rows) =>
    html("table", { class: name }, caption,
      html("thead", {}, html("tr", {}, ...head.map((text) => html("th", { scope: "col" }, ...[text].flat())))),
      html("tbody", {}, ...rows));

  function button(name, does) {
    const node = html("button", { type: "button" }, name);
    node.addEventListener("click", does);
    return node;
  }

  function build() {
    const labelled = [["Interaction", interaction], ["Grid", grid]].map((pair) => html("label", {}, ...pair));
    labelled.push(html("label", { class: "vertex" }, "Interaction vertex", slider, vertex));
    const inverse = ["N/T = 1/T", html("sub", {}, "m")];
    const buttons = [button("Copy link", copyLink)];
    if (tour.length) buttons.unshift(button("Next finding", nextFinding));
    root.append(
      html("div", { class: "tour" }, ...buttons, told),
      html("div", { class: "controls" }, ...labelled),
      html("div", { class: "panels" }, ...panels.map((panel) => html("div", {}, panel.title, panel.frame))),
      table("regions", html("caption", {}, "Optimal region: size, and centroid on both axes"),
        ["Region", "Cells", "Decades²", inverse, "Rate"], panels.map((panel) => panel.size)),
      bar,
      table("reading", where, ["network", ...NUMBERS, "diverged"].map(capital), panels.map((panel) => panel.row)),
      html("p", { class: "spoken", id: "explorer-keys" }, "Arrow keys move from cell to cell, Escape clears."),
      spoken,
      origin,
    );
  }

  // ---- showing what is chosen

  function offer(select, values, naming) {
    select.replaceChildren(...values.map((value) => html("option", { value }, naming(value))));
    if (!values.includes(chosen[select.name])) chosen[select.name] = values[0];
    select.value = chosen[select.name];
  }

  function showRegions() {
    for (const { sweep, place } of panels) {
      const found = region(sweep, chosen.n, near);
      const { cells, of, decades, x, rate } = found ?? {};
      const texts = cells ? [`${cells} of ${of}`, decades.toFixed(2), label(x), label(rate)] : [cells === 0 ? `0 of ${of}` : "–", "–", "–", "–"];
      place.forEach((box, k) => (box.textContent = texts[k]));
    }
  }

  function showBar() {
    const top = limit();
    const marks = unique([0, near, 5, 10, 15, 20]).filter((value) => value < 0.85 * top);
    const places = [...marks, top].map((value) => html("span", { style: `left: ${(100 * value) / top}%` }, label(value)));
    bar.replaceChildren(
      html("div", { class: "colours", style: `background: linear-gradient(to right, ${colours.join(",")})` }),
      html("div", { class: "marks" }, ...places),
      `mean distance; white line: at most ${near}; ${label(top)} = √(2N): nothing in common`,
    );
  }

  function showOrigin() {
    const facts = panels.map(({ sweep }) => sweep).filter(Boolean).map((sweep) =>
      `${sweep.name}: ${sweep.x.length} × ${sweep.rates.length} cells, ${sweep.repeats} repeats, ${sweep.epochs} epochs, ` +
      `${sweep.states} states, K = ${sweep.K}, commit ${sweep.commit}.`);
    const absent = missing.length ? `Not computed yet: ${missing.map((sweep) => sweep.name).join(", ")}.` : "";
    origin.textContent = [...facts, absent].join(" ");
  }

  function show() {
    offer(interaction, interactions(), (name) => NAMES[name] ?? name);
    offer(grid, grids(), (key) => gridOf(sweeps.find((sweep) => keyOf(sweep) === key)));
    const there = vertices();
    chosen.n = there[nearest(there, chosen.n)];
    slider.max = there.length - 1;
    slider.value = there.indexOf(chosen.n);
    slider.setAttribute("aria-valuetext", `n = ${chosen.n}`);
    vertex.textContent = `n = ${chosen.n}`;
    panels.forEach(showPanel);
    showRegions();
    showBar();
    showOrigin();
    showCell();
  }

  const root = document.getElementById("explorer");
  if (sweeps.length) {
    build();
    restore();
    window.addEventListener("hashchange", restore);
    phone.addEventListener("change", show);
  } else {
    root.append(html("p", {}, `No map is computed yet. To compute one: ${missing[0].command}`));
  }
})();

// The page on live recall: shows window.DAMCORE_DIGITS, which book/digits.py writes, and computes with recall.js. Plain
// scripts, so that it runs from file://.
(() => {
  "use strict";
  const { side, labels, digits, exponentials } = window.DAMCORE_DIGITS;
  const { network } = window.damcoreRecall;
  const N = side * side;
  const STORED = digits.map((text) => Array.from(text, (sign) => (sign === "#" ? 1 : -1)));
  const KINDS = {
    polynomial: "polynomial xⁿ", rectified: "rectified polynomial", leaky: "leaky rectified polynomial", exponential: "exponential eˣ",
  };
  const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const RATES = [8, 30, 100, 300, 1000, 5000]; // neurons a second
  const CURVE = { width: 360, height: 170, left: 8, right: 352, top: 26, bottom: 138 };
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");

  const chosen = { kind: "polynomial", n: 20, count: 20, digit: 3, flips: 25, erased: false, speed: 2 };
  let net, at, start; // the network; the state and where recall stands; the state it started from
  let curve; // [[updates, energy], ...], a point for each change
  let playing = null; // what the running animation needs
  const cursor = { row: 0, column: 0 };
  let painting = 0; // the value that a drag paints, 0 for none

  // ---- small tools

  const element = (space) => (tag, attributes = {}, ...children) => {
    const node = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const html = element("http://www.w3.org/1999/xhtml");
  const svg = element("http://www.w3.org/2000/svg");
  const within = (k, size) => Math.max(0, Math.min(size - 1, k));
  const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

  /** Numbers in [0, 1) that are the same at each visit (mulberry32). */
  function generator(seed) {
    return () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }
  const random = generator(4);

  /** A number such as −1.2 × 10⁴⁵. */
  function written(value) {
    const sign = value < 0 ? "−" : "";
    if (Math.abs(value) < 1e5) return sign + String(Number(Math.abs(value).toPrecision(4)));
    const [digits, exponent] = Math.abs(value).toExponential(2).split("e+");
    return `${sign}${digits} × 10${exponent.replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit])}`;
  }

  // ---- the state

  /** A stored digit with its lower half erased, or exactly this share of its neurons turned over. */
  function damaged(pattern) {
    const state = pattern.map((value, i) => (chosen.erased && i >= N / 2 ? -1 : value));
    const places = state.map((_, i) => [random(), i]).sort((a, b) => a[0] - b[0]);
    for (const [, i] of places.slice(0, Math.round((chosen.flips / 100) * N))) state[i] = -state[i];
    return state;
  }

  function startFrom(state) {
    pause();
    start = [...state];
    at = net.begin(state);
    curve = [[0, net.energy(at)]];
    show();
  }

  const startFromDigit = () => startFrom(damaged(STORED[chosen.digit]));
  const reset = () => startFrom(start);
  const memories = () => STORED.slice(0, chosen.count);

  function rebuild() {
    net = network(memories(), chosen.kind, chosen.n, exponentials);
    if (start) reset();
    else startFromDigit();
  }

  /** The stored digit that is most like the state or its negative: which one, in how many neurons they differ. */
  function nearest() {
    const index = at.h.reduce((best, h, k) => (Math.abs(h) > Math.abs(at.h[best]) ? k : best), 0);
    return { index, inverse: at.h[index] < 0, differ: (N - Math.abs(at.h[index])) / 2 };
  }

  // ---- settling

  function advance(count) {
    for (let k = 0; k < count && !net.isOver(at); k++) {
      if (net.step(at)) curve.push([at.updates, net.energy(at)]);
    }
    show();
    if (net.isOver(at)) {
      pause();
      spoken.textContent = status.textContent;
    }
  }

  function frame(now) {
    if (!playing) return;
    playing.due += ((now - playing.last) / 1000) * RATES[chosen.speed];
    playing.last = now;
    // Who asked for less motion sees a sweep at a time, and no faster than one a second.
    const count = still.matches ? (now - playing.swept > 1000 ? N : 0) : Math.floor(playing.due);
    playing.due -= still.matches ? playing.due : count;
    if (count) playing.swept = now;
    if (count) advance(count);
    if (playing) playing.request = requestAnimationFrame(frame);
  }

  function play() {
    if (net.isOver(at)) reset();
    const now = performance.now();
    playing = { last: now, swept: now, due: 0, request: requestAnimationFrame(frame) };
    showButtons();
  }

  function pause() {
    if (playing) cancelAnimationFrame(playing.request);
    playing = null;
    showButtons();
  }

  // ---- drawing

  function paint(i, value) {
    if (at.x[i] === value) return;
    const state = [...at.x];
    state[i] = value;
    startFrom(state);
  }

  function cellUnder(event) {
    const seen = picture.getBoundingClientRect();
    const column = Math.floor(((event.clientX - seen.left) / seen.width) * side);
    const row = Math.floor(((event.clientY - seen.top) / seen.height) * side);
    return row >= 0 && row < side && column >= 0 && column < side ? row * side + column : null;
  }

  function onPointer(event) {
    const i = cellUnder(event);
    if (event.type === "pointerdown" && i !== null) {
      painting = -at.x[i];
      frameBox.setPointerCapture(event.pointerId);
    }
    if (painting && i !== null) paint(i, painting);
  }

  function onKey(event) {
    const turn = event.key === " ";
    if (!turn && !ARROWS[event.key]) return;
    event.preventDefault(); // the page would scroll,
    event.stopPropagation(); // and some themes turn to the next one
    if (turn) paint(cursor.row * side + cursor.column, -at.x[cursor.row * side + cursor.column]);
    else {
      cursor.row = within(cursor.row + ARROWS[event.key][0], side);
      cursor.column = within(cursor.column + ARROWS[event.key][1], side);
    }
    showCursor();
    const value = at.x[cursor.row * side + cursor.column] > 0 ? "ink" : "paper";
    spoken.textContent = `Row ${cursor.row + 1}, column ${cursor.column + 1}: ${value}`;
  }

  // ---- showing

  const corner = (i) => ({ x: i % side, y: Math.floor(i / side) });

  function small(pattern) {
    const cells = pattern.flatMap((value, i) => (value > 0 ? [`M${i % side} ${Math.floor(i / side)}h1v1h-1z`] : []));
    return svg("path", { d: cells.join("") });
  }

  const thumb = (pattern) =>
    svg("svg", { viewBox: `0 0 ${side} ${side}`, class: "thumb", "aria-hidden": "true" }, small(pattern));

  function showCursor() {
    const { row, column } = cursor;
    for (const [name, value] of [["x", column], ["y", row]]) pointer.setAttribute(name, value);
  }

  function showState() {
    at.x.forEach((value, i) => cells[i].classList.toggle("on", value > 0));
    const here = corner(at.updates % N);
    const moving = at.updates > 0 && !net.isOver(at);
    turn.classList.toggle("hidden", !moving);
    turn.setAttribute("x", here.x);
    turn.setAttribute("y", here.y);
  }

  const nameOf = (k) => `stored digit ${k + 1}, a ${labels[k]}`;

  function said() {
    const { index, inverse, differ } = nearest();
    const what = `${inverse ? "the negative of " : ""}${nameOf(index)}`;
    const likeness = `Nearest: ${what}; ${differ} of ${N} neurons differ.`;
    if (!net.isOver(at)) {
      const place = at.updates ? `Sweep ${Math.floor(at.updates / N) + 1}, neuron ${(at.updates % N) + 1} of ${N}.` : "Ready.";
      return `${place} ${likeness}`;
    }
    const how = at.settled ? `Settled after ${plural(at.sweeps, "sweep")}.` : "Not settled after 100 sweeps.";
    return differ === 0 ? `${how} This is ${what}.` : `${how} This is no stored digit. ${likeness}`;
  }

  function showPair() {
    const { index, inverse } = nearest();
    const pattern = inverse ? STORED[index].map((value) => -value) : STORED[index];
    before.replaceChildren(thumb(start), html("span", {}, "start"));
    target.replaceChildren(thumb(pattern), html("span", {}, inverse ? "negative of nearest" : "nearest digit"));
    options.forEach((option, k) => option.classList.toggle("nearest", k === index));
  }

  // An energy spans dozens of decades: its logarithm, with its sign.
  const height = (value) => Math.sign(value) * Math.log10(1 + Math.abs(value));

  function showCurve() {
    const { width, left, right, top, bottom } = CURVE;
    const floor = net.energy(net.begin(STORED[nearest().index]));
    const energies = curve.map(([, value]) => height(value));
    const [low, high] = [Math.min(...energies, height(floor)), Math.max(...energies, height(floor))];
    const sweeps = Math.max(2, Math.ceil(at.updates / N));
    const x = (updates) => left + ((right - left) * updates) / (sweeps * N);
    const y = (value) => bottom - ((bottom - top) * (height(value) - low)) / Math.max(high - low, 0.05);
    const now = curve.at(-1)[1];
    const steps = curve.map(([updates, value], k) => (k ? `H${x(updates)}V${y(value)}` : `M${x(0)} ${y(value)}`));
    const marks = Array.from({ length: sweeps + 1 }, (_, k) => k).filter((k) => k % Math.ceil(sweeps / 8) === 0);
    chart.replaceChildren(
      ...marks.map((k) => svg("line", { class: "tick", x1: x(k * N), x2: x(k * N), y1: bottom + 6, y2: bottom + 10 })),
      ...marks.slice(1).map((k) => svg("text", { x: x(k * N), y: bottom + 24, "text-anchor": k === sweeps ? "end" : "middle" },
        k === marks[1] ? `${k} sweep${k > 1 ? "s" : ""}` : String(k))),
      svg("line", { class: "floor", x1: left, x2: right, y1: y(floor), y2: y(floor) }),
      svg("path", { class: "curve", d: `${steps.join("")}H${x(at.updates)}` }),
      svg("circle", { class: "now", r: 4, cx: x(at.updates), cy: y(now) }),
      svg("text", { class: "title", x: left, y: 14 }, `Energy ${written(now)}`),
      svg("text", { x: width - 8, y: Math.min(y(floor) - 6, bottom - 6), "text-anchor": "end", class: "note" }, "nearest stored digit"),
    );
    chart.setAttribute("aria-label", `Energy on a logarithmic scale: ${written(curve[0][1])} at the start, ${written(now)} ` +
      `after ${plural(at.updates, "update")}; nearest stored digit ${written(floor)}.`);
  }

  function showButtons() {
    if (!at) return;
    const names = net.isOver(at) ? "Play again" : "Play";
    buttons.play.textContent = playing ? "Pause" : names;
    buttons.step.disabled = net.isOver(at);
    buttons.reset.disabled = at.updates === 0;
  }

  function show() {
    showState();
    status.textContent = said();
    showPair();
    showCurve();
    showButtons();
  }

  // ---- the elements, made once

  function button(name, does) {
    const node = html("button", { type: "button" }, name);
    node.addEventListener("click", does);
    return node;
  }

  /** A slider with its value beside it; `tell` says the value in words. */
  function slider(name, [min, max], key, tell, does) {
    const input = html("input", { type: "range", min, max, step: 1, value: chosen[key], "aria-label": name });
    const output = html("output");
    const say = () => {
      output.textContent = tell(chosen[key]);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    input.addEventListener("input", () => {
      chosen[key] = Number(input.value);
      say();
      does();
    });
    say();
    return html("label", { class: "slider" }, html("span", {}, name), input, output);
  }

  const cells = Array.from({ length: N }, (_, i) => svg("rect", { ...corner(i), width: 1, height: 1 }));
  const pointer = svg("rect", { class: "pointer", width: 1, height: 1 });
  const turn = svg("rect", { class: "turn hidden", width: 1, height: 1 });
  const picture = svg("svg", { viewBox: `0 0 ${side} ${side}`, "aria-hidden": "true" }, svg("g", { class: "cells" }, ...cells), turn, pointer);
  const frameBox = html("div", {
    class: "picture", tabindex: 0, role: "application", "aria-label": `State of ${side} by ${side} neurons, to draw on`, "aria-describedby": "live-keys",
  }, picture);
  const [status, spoken] = [html("p", { class: "status" }), html("p", { class: "spoken", "aria-live": "polite" })];
  const [before, target] = [html("figure"), html("figure")];
  const chart = svg("svg", { viewBox: `0 0 ${CURVE.width} ${CURVE.height}`, class: "chart", role: "img" });
  const buttons = {
    play: button("Play", () => (playing ? pause() : play())),
    step: button("Step", () => { pause(); advance(1); }),
    reset: button("Reset", reset),
  };
  buttons.play.classList.add("main");
  const options = STORED.map((pattern, k) => {
    const input = html("input", { type: "radio", name: "live-digit", value: k, "aria-label": nameOf(k) });
    input.checked = k === chosen.digit;
    input.addEventListener("change", () => {
      chosen.digit = k;
      startFromDigit();
    });
    return html("label", {}, input, thumb(pattern));
  });

  function choice() {
    const select = html("select", {}, ...Object.entries(KINDS).map(([value, name]) => html("option", { value }, name)));
    select.value = chosen.kind;
    select.addEventListener("change", () => {
      chosen.kind = select.value;
      vertex.hidden = chosen.kind === "exponential";
      rebuild();
    });
    return html("label", { class: "choice" }, html("span", {}, "Function F"), select);
  }

  function eraser() {
    const input = html("input", { type: "checkbox" });
    input.addEventListener("change", () => {
      chosen.erased = input.checked;
      startFromDigit();
    });
    return html("label", { class: "check" }, input, "Erase the lower half");
  }

  function showStored() {
    options.forEach((option, k) => (option.hidden = k >= chosen.count));
    if (chosen.digit >= chosen.count) {
      chosen.digit = 0;
      start = null;
    }
    options[chosen.digit].firstChild.checked = true;
  }

  const vertex = slider("Vertex n", [2, 30], "n", (n) => `n = ${n}`, rebuild);
  const count = slider("Stored digits", [2, STORED.length], "count", String, () => {
    showStored();
    rebuild();
  });
  const speed = slider("Speed", [0, RATES.length - 1], "speed", (k) => `${RATES[k]} neurons a second`, () => {});
  const flips = slider("Flipped", [0, 50], "flips", (share) => `${share} % of the neurons`, startFromDigit);
  const fieldset = (name, ...children) => html("fieldset", {}, html("legend", {}, name), ...children);

  frameBox.addEventListener("pointerdown", onPointer);
  frameBox.addEventListener("pointermove", onPointer);
  for (const name of ["pointerup", "pointercancel"]) frameBox.addEventListener(name, () => (painting = 0));
  frameBox.addEventListener("keydown", onKey);

  document.getElementById("live").append(
    html("div", { class: "stage" },
      html("div", { class: "left" }, frameBox, html("div", { class: "buttons" }, ...Object.values(buttons)), speed),
      html("div", { class: "right" }, html("div", { class: "pair" }, before, target), status, chart)),
    html("div", { class: "settings" },
      fieldset("Network", choice(), vertex, count),
      fieldset("Damage", flips, eraser(),
        html("div", { class: "buttons" }, button("New noise", startFromDigit), button("Blank", () => startFrom(Array(N).fill(-1)))))),
    html("fieldset", { class: "stored", role: "radiogroup" }, html("legend", {}, "Stored digits: choose one to damage"), ...options),
    html("p", { class: "spoken", id: "live-keys" }, "Arrow keys move, space turns a neuron over."),
    spoken,
  );
  showCursor();
  showStored();
  rebuild();
})();

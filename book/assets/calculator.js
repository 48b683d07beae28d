// The temperature calculator: n, N, K and A in, 1/T and the rate out, on window.DAMCORE_GAINS, which book/data.py writes.
(() => {
  "use strict";
  const { choices, planes, near, colours } = window.DAMCORE_GAINS;
  const { blank, draw, label, phone } = window.damcoreHeatMap;
  const root = document.getElementById("calculator");
  const chosen = { function: "leaky", network: "modified", n: 20, N: 100, K: 256, A: 20 };
  const LEAST = { n: 1, N: 2, K: 1, A: 1 };
  const NAMES = { n: "Interaction vertex n", N: "Neurons N", K: "Memories K", A: "Patterns A" };
  const FUNCTIONS = { leaky: "leaky, slope 0.01", polynomial: "polynomial, n even" };

  function html(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  /** 1/T of the modified network at which x^n has this gain, as in damcore.Scaling.calibrated. */
  function inverse(gain, { n, N, K, A }) {
    const rise = -Math.expm1(n * Math.log1p(-2 / N)); // 1 - (1 - 2/N)^n
    return Math.exp(Math.log((gain * A) / (K * rise)) / n);
  }

  /** What was stored that is most like what is asked for: the size by N, K and A, then the vertex. */
  function nearest() {
    const far = ({ N, K, A }) => Math.abs(Math.log(N / chosen.N)) + Math.abs(Math.log((K / A) * (chosen.A / chosen.K)));
    const alike = planes.filter((plane) => plane.interaction === chosen.function).sort((a, b) => far(a) - far(b))[0];
    if (!alike) return null;
    const away = (n) => Math.abs(Math.log(n / chosen.n));
    const vertices = Object.keys(alike.maps).map(Number);
    if (chosen.function === "polynomial") vertices.sort((a, b) => (a % 2) - (b % 2) || away(a) - away(b));
    else vertices.sort((a, b) => away(a) - away(b));
    return { plane: alike, n: vertices[0] };
  }

  function wrong() {
    for (const name of Object.keys(LEAST)) {
      if (!Number.isInteger(chosen[name]) || chosen[name] < LEAST[name]) {
        return `${NAMES[name]} must be a whole number of at least ${LEAST[name]}.`;
      }
    }
    if (chosen.function === "polynomial" && chosen.n % 2) return "No pair was chosen for an odd polynomial: take an even n.";
    return "";
  }

  const inputs = Object.keys(LEAST).map((name) => {
    const input = html("input", { type: "number", min: LEAST[name], step: 1, value: chosen[name], name });
    input.addEventListener("input", () => {
      chosen[name] = input.valueAsNumber;
      show();
    });
    return html("label", {}, NAMES[name], input);
  });

  function select(name, title, options) {
    const node = html("select", { name });
    node.append(...Object.entries(options).map(([value, text]) => html("option", { value }, text)));
    node.value = chosen[name];
    node.addEventListener("change", () => {
      chosen[name] = node.value;
      show();
    });
    return html("label", {}, title, node);
  }

  const answer = html("p", { class: "answer", "aria-live": "polite" });
  const code = html("pre", {}, html("code"));
  const picture = blank();
  const frame = html("div", { class: "map", role: "img" }, picture);
  const says = html("p", { class: "origin" });

  function show() {
    const fault = wrong();
    frame.hidden = code.hidden = Boolean(fault);
    if (fault) {
      answer.textContent = fault;
      says.textContent = "";
      return;
    }
    const { gain, rate } = choices[chosen.function];
    const at = inverse(gain, chosen);
    const unit = chosen.network === "original" ? chosen.N : 1;
    answer.textContent = `1/T = ${label(at / unit)}, T = ${label(unit / at)}, learning rate ${rate} (gain ${gain})`;
    const original = chosen.network === "original" ? ", original=True" : "";
    code.firstChild.textContent =
      `scaling = Scaling.calibrated(${chosen.n}, ${chosen.N}, ${chosen.K}, ${chosen.A}, gain=${gain}${original})`;
    showMap(nearest(), at, rate, unit);
  }

  function showMap(found, at, rate, unit) {
    frame.hidden = !found;
    if (!found) {
      says.textContent = "No map of this function is stored.";
      return;
    }
    const { plane, n } = found;
    const values = plane.maps[n];
    // The axis has the 1/T at which the network that is asked for has the gains of the map.
    const x = plane.gains.map((gain) => inverse(gain, chosen) / unit);
    const fills = values.map((value) => colours[Math.min(colours.length - 1, Math.floor((value / plane.random_level) * colours.length))]);
    const mark = draw(picture, {
      x, y: plane.rates, fills,
      region: values.map((value) => value <= near),
      xlabel: "inverse temperature 1/T of your network", ylabel: "learning rate",
    });
    const close = (list, wanted) => {
      const away = list.map((value) => Math.abs(Math.log(value / wanted)));
      return away.indexOf(Math.min(...away));
    };
    const cell = { i: close(x, at / unit), j: close(plane.rates, rate) };
    mark(cell);
    const there = values[cell.j * x.length + cell.i];
    const dead = chosen.function === "leaky" && chosen.network === "original" && chosen.n >= 10;
    const warning = "In the original network the leaky function learned at none of our sizes from n = 10 on: memories die. ";
    const exact = plane.N === chosen.N && plane.K === chosen.K && plane.A === chosen.A && n === chosen.n;
    frame.setAttribute("aria-label", `Map over 1/T and rate; at the marked cell the mean distance is ${there.toFixed(2)}`);
    says.textContent = (dead ? warning : "") +
      `${exact ? "The map of this network" : "The nearest map that is stored"}: n = ${n}, N = ${plane.N}, K = ${plane.K}, ` +
      `${plane.A} states, modified network. Dark is good, and the white line encloses what works. At the marked cell the ` +
      `mean distance is ${there.toFixed(2)}; up to ${near} is at most one wrong neuron a state.`;
  }

  root.append(
    html("div", { class: "controls" }, select("function", "Function", FUNCTIONS),
      select("network", "Network", { modified: "modified", original: "original" }), ...inputs),
    answer, code, frame, says,
  );
  phone.addEventListener("change", show);
  show();
})();

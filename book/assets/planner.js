// The capacity calculator: N, K and the share of flipped neurons in; for each n, what one update leaves wrong.
(() => {
  "use strict";
  const root = document.getElementById("planner");
  const VERTICES = [2, 3, 4, 5, 6]; // beyond, the noise of a few close patterns is far from Gaussian
  const chosen = { N: 100, K: 200, damage: 20 };
  const FIELDS = {
    N: { title: "Neurons N", least: 2, most: 2000 },
    K: { title: "Patterns K", least: 1, most: 1e12 },
    damage: { title: "Neurons flipped, %", least: 0, most: 100 },
  };

  function html(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  /** log of the binomial coefficients of n over 0 to n. */
  function logBinomials(n) {
    const logs = [0];
    for (let k = 1; k <= n; k += 1) logs.push(logs[k - 1] + Math.log((n - k + 1) / k));
    return logs;
  }

  /** The complementary error function, to 1e-12 of itself: a series below 2.5 and a continued fraction above. */
  function erfc(x) {
    if (x < 0) return 2 - erfc(-x);
    if (x < 2.5) {
      let term = x;
      let sum = x;
      for (let k = 1; k < 200; k += 1) {
        term *= (-x * x) / k;
        sum += term / (2 * k + 1);
      }
      return 1 - (2 / Math.sqrt(Math.PI)) * sum;
    }
    let fraction = 0;
    for (let k = 100; k > 0; k -= 1) fraction = (k / 2) / (x + fraction);
    return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction));
  }

  /** F at an overlap, in units of F(N). */
  const power = (n, rectified, N) => (h) => (rectified && h < 0 ? 0 : (h / N) ** n);

  /** Variance of what one other memory adds to the gap, as in damcore.capacity.noise_variance. */
  function variance(F, N) {
    const logs = logBinomials(N - 1);
    let sum = 0;
    for (let plus = 0; plus < N; plus += 1) {
      const r = 2 * plus - (N - 1);
      sum += Math.exp(logs[plus] - (N - 1) * Math.LN2) * (F(r + 1) - F(r - 1)) ** 2;
    }
    return sum;
  }

  /** Probability that the noise of K - 1 memories outweighs a signal. */
  function turned(signal, spread, K) {
    if (K === 1) return signal > 0 ? 0 : signal < 0 ? 1 : 0.5;
    return erfc(signal / Math.sqrt(2 * (K - 1) * spread)) / 2;
  }

  /** Probability that a neuron is wrong after one update, with so many flipped before. */
  function wrongAfter(F, spread, { N, K }, flipped) {
    const own = N - 2 * flipped;
    const right = flipped < N ? turned(F(own) - F(own - 2), spread, K) : 0;
    const wrong = flipped > 0 ? turned(F(own + 2) - F(own), spread, K) : 0;
    return ((N - flipped) * right + flipped * wrong) / N;
  }

  /** Memories without errors, KH16 Eq. 6; twice as many for the rectified form. */
  function eq6(n, N) {
    let log = (n - 1) * Math.log(N) - Math.log(2 * Math.log(N));
    for (let factor = 2 * n - 3; factor > 1; factor -= 2) log -= Math.log(factor);
    return Math.exp(log);
  }

  /** Probability that the pattern of a probe is nearer than all others. */
  function nearest({ N, K }, flipped) {
    if (K === 1) return 1;
    if (flipped === N) return 0;
    const logs = logBinomials(N);
    let share = 0;
    for (let minus = 0; minus <= flipped; minus += 1) share += Math.exp(logs[minus] - N * Math.LN2);
    return Math.exp((K - 1) * Math.log1p(-Math.min(1, share)));
  }

  function wrong() {
    for (const [name, { title, least, most }] of Object.entries(FIELDS)) {
      const value = chosen[name];
      const whole = name === "damage" || Number.isInteger(value);
      if (!whole || !(value >= least && value <= most)) {
        return `${title} must be a ${name === "damage" ? "" : "whole "}number from ${least} to ${most}.`;
      }
    }
    return "";
  }

  const short = (value) => (value >= 1e6 ? value.toExponential(1) : value >= 10 ? String(Math.round(value)) : value.toPrecision(2));
  const percent = (share) => `${(100 * share).toFixed(1)} %`;

  const inputs = Object.entries(FIELDS).map(([name, { title, least, most }]) => {
    const input = html("input", { type: "number", min: least, max: most, step: name === "damage" ? "any" : 1, value: chosen[name], name });
    input.addEventListener("input", () => {
      chosen[name] = input.valueAsNumber;
      show();
    });
    return html("label", {}, title, input);
  });
  const answer = html("p", { class: "answer", "aria-live": "polite" });
  const code = html("pre", {}, html("code"));
  const table = html("table", { class: "table" });
  const frame = html("div", { class: "scrolls" }, table);

  function show() {
    const fault = wrong();
    frame.hidden = code.hidden = Boolean(fault);
    if (fault) {
      answer.textContent = fault;
      return;
    }
    const { N, K } = chosen;
    const exact = (chosen.damage / 100) * N;
    const flipped = exact % 1 === 0.5 ? 2 * Math.round(exact / 2) : Math.round(exact); // half-way to the even number
    const smallest = {};
    const rows = VERTICES.map((n) => {
      const cells = [String(n), short(eq6(n, N))];
      const kept = [];
      for (const rectified of [false, true]) {
        const F = power(n, rectified, N);
        const spread = variance(F, N);
        const left = N * wrongAfter(F, spread, chosen, flipped);
        if (left < 1 && !(rectified in smallest)) smallest[rectified] = n;
        cells.push(left < 0.005 ? "0" : left.toFixed(2));
        kept.push(percent((1 - wrongAfter(F, spread, chosen, 0)) ** N));
      }
      return html("tr", {}, ...[...cells, ...kept].map((cell) => html("td", {}, cell)));
    });
    const head = ["n", "Eq. 6", "wrong: power", "wrong: rectified", "kept: power", "kept: rectified"];
    table.replaceChildren(
      html("thead", {}, html("tr", {}, ...head.map((title) => html("th", { scope: "col" }, title)))),
      html("tbody", {}, ...rows),
    );
    const found = (rectified) => smallest[rectified] ?? `above ${VERTICES[VERTICES.length - 1]}`;
    answer.textContent =
      `${flipped} of ${N} neurons are flipped. One update leaves fewer than one wrong from n = ${found(false)} (power) and ` +
      `n = ${found(true)} (rectified). A nearest-neighbour search finds ${percent(nearest(chosen, flipped))} of the patterns.`;
    code.firstChild.textContent = `damcore.plan(${N}, ${K}, damage=${chosen.damage / 100})`;
  }

  root.append(html("div", { class: "controls" }, ...inputs), answer, code, frame);
  show();
})();

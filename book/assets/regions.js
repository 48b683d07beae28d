// The optimal region of a map in numbers, as in src/damcompanion/mrs24/regions.py, and the findings of the explorer's
// tour: each is a state of the explorer and a sentence whose numbers are those of the maps. For explorer.js.
window.damcoreRegions = (() => {
  "use strict";
  const { label } = window.damcoreHeatMap;

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const step = (axis) => Math.log10(axis.at(-1) / axis[0]) / (axis.length - 1);

  /** Cells, size in decades of 1/T times decades of the rate, and centroid on the common axis; null without a map. */
  function region(sweep, n, near) {
    const map = sweep?.maps[n];
    if (!map) return null;
    const unit = sweep.network === "original" ? sweep.N : 1;
    const [columns, rates] = [sweep.inverse.length, sweep.rates];
    const cells = map.mean.flatMap((value, index) => (value <= near ? [index] : []));
    const at = (axis, places) => 10 ** mean(places.map((place) => Math.log10(axis[place])));
    return {
      cells: cells.length,
      of: map.mean.length,
      decades: cells.length * step(sweep.inverse) * step(rates),
      x: at(sweep.inverse, cells.map((index) => index % columns)) * unit, // NaN where there is no cell
      rate: at(rates, cells.map((index) => Math.floor(index / columns))),
    };
  }

  /** [original, modified] of the first grid of an interaction that has both. */
  function pair(sweeps, interaction) {
    const same = (a, b) => ["interaction", "grid", "N", "K"].every((name) => a[name] === b[name]);
    for (const original of sweeps) {
      if (original.network !== "original" || original.interaction !== interaction) continue;
      const modified = sweeps.find((sweep) => sweep.network === "modified" && same(sweep, original));
      if (modified) return [original, modified];
    }
    return null;
  }

  /** At which vertices the original network has a region, how large, and how large the modified network's is. */
  function room([original, modified], near) {
    const cells = (sweep, n) => region(sweep, n, near)?.cells;
    const some = original.vertices.filter((n) => cells(original, n));
    if (!some.length) return null;
    const [first, last] = [some[0], some.at(-1)];
    const n = original.vertices.find((vertex) => vertex > last) ?? last;
    const counts = [...new Set([first, last, n])].map((k) => `${cells(original, k)} at n\u00a0=\u00a0${k}`).join(", ");
    const other = modified.maps[n] ? ` The modified network has ${cells(modified, n)} at n\u00a0=\u00a0${n}.` : "";
    return { sweep: original, n, text: `Cells in the optimal region of the original network: ${counts}.${other}` };
  }

  /** Where the modified network's region lies, from the first to the last vertex that has one. */
  function place([, modified], near) {
    const some = modified.vertices.filter((n) => region(modified, n, near).cells);
    if (!some.length) return null;
    const shown = [...new Set([some[0], some[Math.floor(some.length / 2)], some.at(-1)])];
    const places = shown.map((n) => `${label(region(modified, n, near).x)} at n\u00a0=\u00a0${n}`).join(", ");
    const text = `Centroid of the modified network's region, as inverse temperature 1/Tₘ: ${places}.`;
    return { sweep: modified, n: shown.at(-1), text };
  }

  /** Both networks with the polynomial, at the vertex in the middle of those that have both regions. */
  function twins([original, modified], near) {
    const both = (n) => [original, modified].map((sweep) => region(sweep, n, near));
    const some = original.vertices.filter((n) => both(n).every((found) => found?.cells));
    if (!some.length) return null;
    const n = some[Math.floor(some.length / 2)];
    const [a, b] = both(n);
    const text =
      `With the polynomial at n\u00a0=\u00a0${n} the region has ${a.cells} cells in the original network and ${b.cells} in the ` +
      `modified one, with centroids at N/T = ${label(a.x)} and 1/Tₘ = ${label(b.x)}.`;
    return { sweep: original, n, text };
  }

  /** [{sweep, n, text}, ...], those of the three that the stored maps can show. */
  function findings(sweeps, near) {
    const [leaky, polynomial] = ["leaky", "polynomial"].map((interaction) => pair(sweeps, interaction));
    const found = [leaky && room(leaky, near), leaky && place(leaky, near), polynomial && twins(polynomial, near)];
    return found.filter(Boolean);
  }

  return { region, findings };
})();

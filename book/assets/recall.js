// Recall as damcore computes it, bit by bit: original network at T = 1, neurons in the order of their index, a gap of
// zero gives +1. Numbers in, numbers out; for live.js. tests/book/test_live.py holds it to `damcore.recall.recall`.
window.damcoreRecall = (() => {
  "use strict";
  const SLOPE = 0.01; // of the leaky function below zero, as in damcore
  const LIMIT = 100; // sweeps before recall gives up, as in damcore

  /** x^(n - 1) by repeated squaring, multiplied in the order of damcore's loops (`_kernels.brackets`). */
  function power(x, n, rectified) {
    let [result, square, bits] = [1, x, n - 1];
    while (bits > 0) {
      if (bits === 3 && rectified) return result * (square * square) * square;
      if (bits & 1) result *= square;
      bits >>= 1;
      if (bits > 0) square *= square;
    }
    return result;
  }

  /** F(h) for a whole number h, an overlap of bipolar memory and state. */
  function value(kind, n, h, exponentials) {
    if (kind === "exponential") return exponentials[(h + exponentials.length - 1) / 2];
    if (h >= 0 || kind === "polynomial") return power(h, n, kind === "rectified") * h;
    return kind === "leaky" ? SLOPE * (1 / n) * h * n : 0;
  }

  /** A network that stores these memories, arrays of -1 and +1; kind and n choose F. */
  function network(memories, kind, n, exponentials) {
    const N = memories[0].length;
    const F = Float64Array.from({ length: 2 * N + 1 }, (_, k) =>
      kind === "exponential" && (k & 1) ? NaN : value(kind, n, k - N, exponentials)); // overlaps are even, like N
    const overlap = (z, x) => z.reduce((sum, entry, i) => sum + entry * x[i], 0);

    /** A state at rest before its first update. */
    function begin(state) {
      const x = [...state];
      return { x, h: memories.map((z) => overlap(z, x)), updates: 0, sweeps: 0, changed: false, settled: false };
    }

    /** The gap of neuron i times x_i: a sum in four parts, in the order in which damcore adds. */
    function bracket({ x, h }, i) {
      const sums = [0, 0, 0, 0];
      for (let k = 0; k < memories.length; k++) {
        sums[k & 3] += F[h[k] + N] - F[h[k] - 2 * x[i] * memories[k][i] + N];
      }
      return sums[0] + sums[1] + (sums[2] + sums[3]);
    }

    /** Update the next neuron; returns whether it changed. */
    function step(at) {
      const i = at.updates % N;
      const old = at.x[i];
      const flips = (bracket(at, i) * old >= 0 ? 1 : -1) !== old;
      if (flips) {
        at.x[i] = -old;
        memories.forEach((z, k) => (at.h[k] -= 2 * old * z[i]));
        at.changed = true;
      }
      at.updates += 1;
      if (at.updates % N === 0) endSweep(at);
      return flips;
    }

    function endSweep(at) {
      if (at.changed) at.sweeps = at.updates / N;
      else at.settled = true;
      at.changed = false;
    }

    const energy = (at) => -at.h.reduce((sum, h) => sum + F[h + N], 0);
    const isOver = (at) => at.settled || at.updates >= LIMIT * N;
    return { N, begin, step, energy, isOver };
  }

  return { network };
})();

// One heat map as SVG: numbers in, picture out, as in src/damcore/plotting.py. For explorer.js.
window.damcoreHeatMap = (() => {
  "use strict";
  const WIDTH = 320; // about as many pixels as a map gets
  const phone = window.matchMedia("(max-width: 700px)");
  const BOX = {
    left: 48, top: 6, width: 264,
    get height() { return phone.matches ? 145 : 234; }, // on a phone both maps fit one screen
    get bottom() { return this.top + this.height; },
  };
  const MIDDLE = BOX.left + BOX.width / 2;
  const height = () => BOX.bottom + 50;
  const POWERS = [-6, -5, -4, -3, -2, -1, 0, 1, 2, 3];
  const SERIES = [[1], [1, 3], [1, 2, 5], [1, 1.1, 1.25, 2, 3, 4, 5, 6, 7, 8, 9]];

  /** An SVG element. */
  function svg(tag, attributes = {}, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  /** A number to three digits, without trailing zeros. */
  const label = (value) => String(Number(value.toPrecision(3)));

  /** The first of some ever denser series of round numbers that has three or more between the ends of an axis. */
  function ticks(values) {
    const [low, high] = [values[0] * 0.999, values.at(-1) * 1.001];
    const series = SERIES.map((steps) => POWERS.flatMap((power) => steps.map((step) => step * 10 ** power)));
    const inside = series.map((numbers) => numbers.filter((number) => number >= low && number <= high));
    return inside.find((numbers) => numbers.length > 2) ?? values;
  }

  /** Where a value lies on an axis whose cells are equally wide, in cells from the lower edge of the first. */
  function place(values, value) {
    if (values.length === 1) return 0.5;
    return 0.5 + ((values.length - 1) * Math.log(value / values[0])) / Math.log(values.at(-1) / values[0]);
  }

  function horizontal(values, name) {
    const marks = ticks(values).flatMap((value) => {
      const x = BOX.left + (place(values, value) * BOX.width) / values.length;
      return [
        svg("line", { class: "tick", x1: x, x2: x, y1: BOX.bottom, y2: BOX.bottom + 4 }),
        svg("text", { x, y: BOX.bottom + 18, "text-anchor": "middle" }, label(value)),
      ];
    });
    return [...marks, svg("text", { x: MIDDLE, y: height() - 10, "text-anchor": "middle" }, name)];
  }

  function vertical(values, name) {
    const marks = ticks(values).flatMap((value) => {
      const y = BOX.bottom - (place(values, value) * BOX.height) / values.length;
      return [
        svg("line", { class: "tick", x1: BOX.left - 4, x2: BOX.left, y1: y, y2: y }),
        svg("text", { x: BOX.left - 7, y: y + 4, "text-anchor": "end" }, label(value)),
      ];
    });
    const turned = `translate(12 ${BOX.top + BOX.height / 2}) rotate(-90)`;
    return [...marks, svg("text", { transform: turned, "text-anchor": "middle" }, name)];
  }

  /** The border between the cells of a region and all others, as the path of their common sides. */
  function border(region, columns, rows, { width, height }, corner) {
    const inside = (i, j) => i >= 0 && i < columns && j >= 0 && j < rows && region[j * columns + i];
    let path = "";
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++) {
        if (!inside(i, j)) continue;
        const [x, y] = corner(i, j);
        if (!inside(i, j + 1)) path += `M${x} ${y}h${width}`;
        if (!inside(i, j - 1)) path += `M${x} ${y + height}h${width}`;
        if (!inside(i - 1, j)) path += `M${x} ${y}v${height}`;
        if (!inside(i + 1, j)) path += `M${x + width} ${y}v${height}`;
      }
    }
    return path;
  }

  /** Draws the map; what it returns marks a cell (i along x, j along y), or none. */
  function draw(picture, { x, y, fills, region, xlabel, ylabel }) {
    const [columns, rows] = [x.length, y.length];
    const size = { width: BOX.width / columns, height: BOX.height / rows };
    const corner = (i, j) => [BOX.left + i * size.width, BOX.top + (rows - 1 - j) * size.height];
    // A little larger than they are: else, between some, the page shines through.
    const covering = { width: size.width + 0.5, height: size.height + 0.5 };
    const cells = fills.map((fill, index) => {
      const [left, top] = corner(index % columns, Math.floor(index / columns));
      return svg("rect", { x: left, y: top, ...covering, fill });
    });
    // Each line twice, white over black: it must show on every colour.
    const d = border(region, columns, rows, size, corner);
    const outlines = ["region under", "region"].map((name) => svg("path", { class: name, d }));
    const cursor = ["cursor under", "cursor"].map((name) => svg("rect", { class: name, ...size }));
    const axes = [...horizontal(x, xlabel), ...vertical(y, ylabel)];
    fill(picture, svg("g", { class: "cells" }, ...cells), ...axes, ...outlines);
    return (cell) => {
      if (!cell) return cursor.forEach((rect) => rect.remove());
      const [left, top] = corner(cell.i, cell.j);
      for (const rect of cursor) {
        rect.setAttribute("x", left);
        rect.setAttribute("y", top);
      }
      picture.append(...cursor);
    };
  }

  /** Says in the place of a map why there is none, so that nothing moves. */
  function excuse(picture, lines) {
    const { left, top, width, height } = BOX;
    const texts = lines.map((line, k) =>
      svg("text", { x: MIDDLE, y: top + height / 2 + 18 * k, "text-anchor": "middle" }, line));
    fill(picture, svg("rect", { class: "missing", x: left, y: top, width, height }), ...texts);
  }

  /** The cell (i, j) under a point of the window, or nothing. */
  function cellAt(picture, point, columns, rows) {
    const seen = picture.getBoundingClientRect();
    const x = (((point.clientX - seen.left) / seen.width) * WIDTH - BOX.left) / BOX.width;
    const y = (BOX.bottom - ((point.clientY - seen.top) / seen.height) * height()) / BOX.height;
    return x >= 0 && x < 1 && y >= 0 && y < 1 ? { i: Math.floor(x * columns), j: Math.floor(y * rows) } : null;
  }

  const blank = () => svg("svg", { "aria-hidden": "true" });

  /** Puts these elements, and no others, in a picture as high as the screen allows. */
  function fill(picture, ...children) {
    picture.setAttribute("viewBox", `0 0 ${WIDTH} ${height()}`);
    picture.replaceChildren(...children);
  }

  return { blank, draw, excuse, cellAt, label, phone };
})();

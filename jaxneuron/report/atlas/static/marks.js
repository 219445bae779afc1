// Small drawings: a histogram, and a figure with its interval beside its control.
atlas.part(function marks(atlas) {
  "use strict";
  const { h, svg, number } = atlas;

  // Bars of how many words have a value; their height is a logarithm, since a few bins hold nearly all of them.
  atlas.histogram = (spread) => {
    const { edges = [], counts = [] } = spread;
    if (!counts.length) return null;
    const width = 640, height = 130, base = 108;
    const most = Math.log1p(Math.max(...counts));
    const x = (value) => ((value - edges[0]) / (edges.at(-1) - edges[0] || 1)) * width;
    const total = counts.reduce((sum, one) => sum + one, 0);
    const bars = counts.map((count, i) => {
      const tall = most ? (Math.log1p(count) / most) * (base - 6) : 0;
      const left = x(edges[i]), wide = Math.max(1, x(edges[i + 1]) - left - 0.75);
      const middle = (edges[i] + edges[i + 1]) / 2;
      const bar = svg("rect", { x: left, y: base - tall, width: wide, height: tall, class: middle >= spread.mean.value ? "over" : "under" });
      const hit = svg("rect", { x: left, y: 0, width: Math.max(1, x(edges[i + 1]) - left), height: base, class: "hit" });
      hit.addEventListener("pointerenter", () => atlas.show(hit.getBoundingClientRect(), `${number(edges[i])} to ${number(edges[i + 1])}`,
        `${number(count)} words (${atlas.percent(count / total)})`));
      hit.addEventListener("pointerleave", atlas.hide);
      return [bar, hit];
    });
    const ticks = [edges[0], spread.mean.value, edges.at(-1)].map((value, i) =>
      svg("text", { x: i === 1 ? Math.min(Math.max(x(value), 90), width - 90) : x(value), y: base + 17, "text-anchor": ["start", "middle", "end"][i] },
        i === 1 ? `mean ${number(value)}` : number(value)));
    const label = `How many words have which value, from ${number(edges[0])} to ${number(edges.at(-1))}; the height is a logarithm`;
    return svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "histogram", role: "img", "aria-label": label },
      svg("line", { x1: 0, x2: width, y1: base, y2: base, class: "axis" }), bars,
      svg("line", { x1: x(spread.mean.value), x2: x(spread.mean.value), y1: 0, y2: base, class: "mean" }), ticks);
  };

  // A figure in words: 0.71 [0.64, 0.77].
  atlas.estimate = (one, write = number) => {
    if (!one || !atlas.known(one.value)) return "–";
    const interval = atlas.known(one.low) && atlas.known(one.high);
    return [write(one.value), interval && h("span", { class: "interval" }, ` [${write(one.low)}, ${write(one.high)}]`)];
  };

  // The same as a mark: a dot with its interval, and the control as a grey one, from 0 (or below) to 1.
  atlas.beside = (one, control) => {
    if (!one || !atlas.known(one.value)) return null;
    const given = [one, control].filter(Boolean).flatMap((each) => [each.value, each.low, each.high]).filter(atlas.known);
    const low = Math.min(0, ...given), high = Math.max(1, ...given);
    const x = (value) => 6 + ((value - low) / (high - low)) * 148;
    const mark = (each, y, kind) => each && atlas.known(each.value) ? [
      atlas.known(each.low) && svg("line", { x1: x(each.low), x2: x(each.high), y1: y, y2: y, class: kind }),
      svg("circle", { cx: x(each.value), cy: y, r: 4, class: kind })] : [];
    const said = `${number(one.value)}${control ? `, control ${number(control.value)}` : ""}`;
    return svg("svg", { viewBox: "0 0 160 22", class: "beside", role: "img", "aria-label": said },
      svg("line", { x1: x(low), x2: x(high), y1: 11, y2: 11, class: "axis" }),
      svg("line", { x1: x(0), x2: x(0), y1: 4, y2: 18, class: "axis" }), mark(control, 15, "control"), mark(one, 7, "own"));
  };

  atlas.table = (caption, columns, rows) => h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", {}, h("caption", {}, h("span", {}, caption)), h("thead", {}, h("tr", {}, columns.map((name) =>
      h("th", { scope: "col", class: name.endsWith("#") && "n" }, name.replace("#", ""))))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, i) => h("td", { class: columns[i].endsWith("#") && "n" }, cell)))))));
});

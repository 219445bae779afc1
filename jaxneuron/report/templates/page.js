// Draws the charts from the data in the page. Loads nothing.
"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const found = read("found"), charts = read("charts");

  // Charts take their fonts and colours from the page's style sheet, in either scheme.
  const drawn = new Map();
  async function draw() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const axis = { labelColor: of("--ink"), titleColor: of("--soft"), gridColor: of("--line"), domainColor: of("--line"), tickColor: of("--line"), labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400 };
    const config = { background: null, font: of("--text"), view: { stroke: null }, axis, legend: { labelColor: of("--ink"), titleColor: of("--soft"), labelFontSize: 12, layout: { top: { direction: "vertical", anchor: "start" } } }, boxplot: { median: { color: of("--ink") }, rule: { color: of("--soft") } } };
    for (const [id, spec] of Object.entries(charts)) {
      const element = document.getElementById(id);
      if (!element) continue;
      if (drawn.has(id)) drawn.get(id).finalize();
      const whole = { ...spec, datasets: { ...spec.datasets, found } };
      const options = { actions: false, config, renderer: "svg", tooltip: { theme: dark ? "dark" : "light" } };
      drawn.set(id, await vegaEmbed(element, whole, options));
    }
    document.documentElement.dataset.charts = drawn.size;
  }
  if (window.vegaEmbed) {
    draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }
})();

// Fills the table of all targets: one row per target, the best input of every method side by side.
"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const found = read("found"), labels = read("labels");
  const table = document.getElementById("targets");
  if (!table) return;
  const body = table.tBodies[0], status = document.getElementById("shown"), more = document.getElementById("more");
  const short = new Map(labels.settings.map((setting) => [setting.key, setting.short]));
  const targets = new Map();
  for (const row of found) {
    const key = row.setting + "\n" + row.target;
    if (!targets.has(key)) targets.set(key, { setting: row.setting, target: row.target, name: row.name, inputs: {}, text: row.name.toLowerCase() });
    const target = targets.get(key);
    target.inputs[row.method] = row;
    target.text += "\n" + row.ngram.toLowerCase();
  }
  const optimised = (target) => Object.values(target.inputs).filter((row) => row.gain !== null && row.gain !== undefined);
  for (const target of targets.values()) target.gain = Math.max(-Infinity, ...optimised(target).map((row) => row.gain));
  const orders = {
    given: () => 0,
    gain: (a, b) => b.gain - a.gain,
    loss: (a, b) => a.gain - b.gain,
    name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  };

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }
  const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
  function cell(row, method, best) {
    const element = make("td", { className: row && row === best ? "top" : "" });
    element.dataset.label = method.symbol;
    if (!row) { element.append("–"); return element; }
    const words = make("span", { className: "words" });
    row.ngram.split(" ").forEach((word, place) => words.append(place ? " " : "", make("span", { className: row.kinds[place] }, word)));
    const score = row.score === null ? "–" : row.score.toFixed(2).replace("-", "−");
    const gain = row.gain === null || row.gain === undefined ? "" : ` (${signed(row.gain)})`;
    element.append(words, " ", make("span", { className: "score" }, score + gain));
    return element;
  }
  const page = 20;
  let limit = page;
  function show() {
    const text = document.getElementById("search").value.trim().toLowerCase();
    const setting = document.getElementById("setting").value;
    const order = orders[document.getElementById("order").value];
    const matches = [...targets.values()].filter((target) => (!setting || target.setting === setting) && target.text.includes(text)).sort(order);
    body.replaceChildren(...matches.slice(0, limit).map((target) => {
      const scored = Object.values(target.inputs).filter((row) => row.score !== null);
      const best = scored.length ? scored.reduce((a, b) => (b.score > a.score ? b : a)) : null;
      const where = `${short.get(target.setting) ?? target.setting}, ${target.target}`;
      const head = make("th", { scope: "row" }, target.name, make("small", {}, where));
      return make("tr", {}, head, ...labels.methods.map((method) => cell(target.inputs[method.key], method, best)));
    }));
    const number = Math.min(limit, matches.length);
    status.textContent = matches.length ? `${number} of ${matches.length} targets shown` : "No target matches.";
    more.hidden = number >= matches.length;
  }
  for (const id of ["search", "setting", "order"]) document.getElementById(id).addEventListener("input", () => { limit = page; show(); });
  more.addEventListener("click", () => { limit += 5 * page; show(); });
  show();
})();

// A table of thousands of rows, of which only those in sight are drawn; sorted by any column, searched by any word.
atlas.part(function list(atlas) {
  "use strict";
  const { h, number, percent } = atlas;

  // name, title, how it is written, what it means
  atlas.columns = [
    ["site", "site", null, ""], ["unit", "unit", null, ""],
    ["description", "description", null, "What is said of it"],
    ["explained", "explained", number, "By its best description, or else by its best concept: 0 is chance, 1 is all, on held-out text"],
    ["score", "score", number, "How well the description foretells its values on held-out text"],
    ["score_low", "at least", number, "The lower end of the score's interval"],
    ["control", "control", number, "The score of a control"],
    ["formula", "concept", null, "The concept or formula that it goes with best"],
    ["concept_score", "its score", number, "The score of the concept on held-out text"],
    ["best_input", "best input", null, "What drives it highest of what was searched"], ["written", "writes", null, "Outputs that it speaks for"],
    ["high_words", "highest at", null, "Words at which it is highest"], ["low_words", "lowest at", null, "Words at which it is lowest"],
    ["density", "above 0", percent, "Share of the words at which its value is above 0"],
    ["mean", "mean", number, ""], ["deviation", "deviation", number, "Standard deviation"], ["skewness", "skewness", number, ""], ["kurtosis", "kurtosis", number, ""],
    ["minimum", "smallest", number, ""], ["maximum", "largest", number, ""], ["saturated", "saturated", percent, "Share of the words at which it is at an end of its range"],
    ["loss", "loss", number, "How much worse the model is without it, in nats a word"], ["divergence", "divergence", number, "Without it, in nats"],
    ["turned", "turned", number, "How far the last vectors turn without it: 1 minus their cosine"],
    ["correlation", "neighbour's r", number, "Correlation with the unit that is most alike"],
  ].map(([name, title, write, about]) => ({ name, title, write, about, text: !write && name !== "unit" }));

  const FIELDS = { site: ["site"], text: ["high_place", "low_place"], token: ["high_words", "low_words"], word: ["high_words", "low_words"],
    concept: ["formula"], formula: ["formula"], description: ["description"], name: ["name"], kind: ["kind"], input: ["best_input"], writes: ["written"] };
  const ALL = ["description", "formula", "high_words", "low_words", "high_place", "low_place", "best_input", "written", "name", "site", "unit"];

  // What a reader typed, as conditions: words and "phrases", `token:comma`, `density>0.1`, `is:dead`; all must hold.
  atlas.asked = (text, columns) => [...text.toLowerCase().matchAll(/(?:([a-z_]+)([:<>]))?(?:"([^"]*)"?|(\S+))/g)].map(([whole, field, mark, phrase, word]) => {
    const value = phrase ?? word;
    if (mark === ":" && field === "is") return { flag: value };
    if (mark === ":" && FIELDS[field]) return { fields: FIELDS[field], value };
    const column = mark && mark !== ":" && atlas.columns.find((one) => one.name === field || one.title === field);
    if (column && columns[column.name] && !column.text && Number.isFinite(Number(value))) return { column: column.name, over: mark === ">", value: Number(value) };
    return { fields: null, value: mark ? whole.replaceAll('"', "") : value };
  });

  // Return a function from a text to which rows hold it. All rows are one string, through which the browser searches at once.
  const finder = (rows) => {
    const starts = new Uint32Array(rows.length + 1);
    rows.forEach((row, i) => (starts[i + 1] = starts[i] + row.length + 1));
    const whole = rows.join("\0");
    return (value) => {
      const holds = new Uint8Array(rows.length);
      let i = 0;
      for (let at = whole.indexOf(value); at >= 0 && i < rows.length; at = whole.indexOf(value, starts[i])) {
        while (starts[i + 1] <= at) i++;
        holds[i++] = 1;
      }
      return holds;
    };
  };

  // Return a function from what was typed and a site to the numbers of the rows.
  atlas.searcher = (columns) => {
    const finders = new Map();
    const within = (fields, value) => {
      const key = fields.join();
      if (!finders.has(key)) {
        const filled = fields.filter((name) => columns[name].some((one) => one !== ""));
        finders.set(key, finder(columns.unit.map((_, i) => filled.map((name) => columns[name][i]).join("\n").toLowerCase())));
      }
      return finders.get(key)(value);
    };
    const compare = ({ column, over, value }) => columns[column].map((one) => atlas.known(one) && (over ? one > value : one < value));
    const holds = (one) => {
      if (one.flag) return one.flag === "dead" ? columns.dead : columns.kind.map((kind) => kind === one.flag);
      return one.column ? compare(one) : within(one.fields || ALL, one.value);
    };
    within(ALL, "a");  // so that the first search does not wait for it
    return (text, site) => {
      const asked = atlas.asked(text, columns).map(holds);
      const found = [];
      for (let i = 0; i < columns.unit.length; i++) if ((!site || columns.site[i] === site) && asked.every((one) => one[i])) found.push(i);
      return found;
    };
  };

  // Sort numbers of rows by a column; what is missing is last, either way.
  atlas.sorted = (rows, columns, name, down) => {
    if (!name) return rows;
    const values = columns[name], way = down ? -1 : 1;
    const missing = (i) => !atlas.known(values[i]) || values[i] === "";
    const order = typeof values.find((one) => atlas.known(one)) === "string" ? (a, b) => (values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : 0) : (a, b) => values[a] - values[b];
    const there = rows.filter((i) => !missing(i)).sort((a, b) => way * order(a, b) || a - b);
    return there.concat(rows.filter(missing));
  };

  // Return the table: `draw(rows, sort)` shows these rows in this order.
  atlas.list = (columns, open, sortBy) => {
    const used = atlas.columns.filter(({ name }) => columns[name].some((one) => atlas.known(one) && one !== ""));
    const heads = used.map((one) => {
      const button = h("button", { class: "sort", title: one.about || one.title, onclick: () => sortBy(one.name) }, one.title);
      return { one, cell: h("div", { role: "columnheader", class: `c ${one.name} ${one.text ? "" : "n"}` }, button) };
    });
    const head = h("div", { role: "row", class: "row head" }, heads.map(({ cell }) => cell));
    const space = h("div", { class: "space", role: "rowgroup" });
    const root = h("div", { class: "list", role: "grid", tabindex: 0, "aria-label": "Units; arrow keys choose one, Enter opens it", "aria-rowcount": 0 },
      h("div", { role: "rowgroup", class: "heads" }, head), space);
    let rows = [], at = 0, drawn = "";
    const height = () => parseFloat(getComputedStyle(root).getPropertyValue("--row"));
    const address = (i) => atlas.address("unit", { site: columns.site[i], unit: columns.unit[i], kind: columns.kind[i] === "unit" ? "" : columns.kind[i] });
    const cell = (one, i) => {
      const value = columns[one.name][i];
      const written = one.name === "unit" ? h("a", { href: address(i), tabindex: -1 }, columns.name[i] || String(value)) : one.write ? one.write(value) : value;
      return h("div", { role: "gridcell", class: `c ${one.name} ${one.text ? "" : "n"}`, title: one.text && value, "data-label": one.title }, written);
    };
    const line = (place) => {
      const i = rows[place];
      const element = h("div", { role: "row", class: `row${place === at ? " at" : ""}${columns.dead[i] ? " dead" : ""}`, id: `row${place}`, "aria-rowindex": place + 2, "data-place": place }, used.map((one) => cell(one, i)));
      element.style.top = `${place * height()}px`;
      return element;
    };
    const window_ = (force) => {
      const tall = height(), first = Math.max(0, Math.floor(root.scrollTop / tall) - 8);
      const last = Math.min(rows.length, Math.ceil((root.scrollTop + root.clientHeight) / tall) + 8);
      const now = `${first} ${last} ${tall}`;
      if (now === drawn && !force) return;
      drawn = now;
      space.style.height = `${rows.length * tall}px`;
      const lines = [];
      for (let place = first; place < last; place++) lines.push(line(place));
      space.replaceChildren(...lines);
      root.setAttribute("aria-activedescendant", rows.length ? `row${at}` : "");
    };
    const choose = (place) => {
      at = Math.min(Math.max(place, 0), rows.length - 1);
      const tall = height(), top = at * tall, room = root.clientHeight - head.offsetHeight;
      if (top < root.scrollTop) root.scrollTop = top;
      if (top + tall > root.scrollTop + room) root.scrollTop = top + tall - room;
      window_(true);
    };
    root.addEventListener("scroll", () => window_(false), { passive: true });
    new ResizeObserver(() => window_(true)).observe(root);
    root.addEventListener("click", (event) => {
      const row = event.target.closest(".row[data-place]");
      if (row && !event.target.closest("a")) open(address(rows[Number(row.dataset.place)]));
    });
    root.addEventListener("keydown", (event) => {
      const page = Math.floor(root.clientHeight / height()) - 1;
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
      if (event.target === root && step) {
        event.preventDefault();
        choose(at + step);
      } else if (event.target === root && event.key === "Enter" && rows.length) open(address(rows[at]));
    });
    const draw = (found, sort, down) => {
      rows = found;
      at = 0;
      root.scrollTop = 0;
      root.setAttribute("aria-rowcount", rows.length + 1);
      for (const { one, cell } of heads) cell.setAttribute("aria-sort", one.name !== sort ? "none" : down ? "descending" : "ascending");
      window_(true);
    };
    return { root, draw, used };
  };
});

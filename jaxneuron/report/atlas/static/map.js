// All units of all sites at a glance: a cell for each, in the colour of what the reader chooses; or points in a plane.
atlas.part(function map(atlas) {
  "use strict";
  const { h, number } = atlas;

  // The rank of each value among all, from 0 to 1; equal values have one rank.
  const ranks = (values) => {
    const order = values.map((_, i) => i).filter((i) => atlas.known(values[i])).sort((a, b) => values[a] - values[b]);
    const rank = new Float64Array(values.length).fill(NaN);
    for (let start = 0; start < order.length;) {
      let end = start;
      while (end + 1 < order.length && values[order[end + 1]] === values[order[start]]) end++;
      for (let i = start; i <= end; i++) rank[order[i]] = order.length > 1 ? (start + end) / 2 / (order.length - 1) : 0.5;
      start = end + 1;
    }
    return rank;
  };
  const mix = (a, b, share) => a.map((one, i) => Math.round(one + (b[i] - one) * share));
  const parsed = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));

  atlas.map = (columns, open) => {
    const sites = [...new Set(columns.site)];
    const numeric = atlas.columns.filter((one) => !one.text && one.name !== "unit" && columns[one.name].some(atlas.known));
    const option = (one) => h("option", { value: one.name }, one.title);
    const choose = (label, first, none) => {
      const select = h("select", { "aria-label": label, onchange: () => draw() }, none && h("option", { value: "" }, none), numeric.map(option));
      select.value = numeric.some((one) => one.name === first) ? first : none ? "" : numeric[0].name;
      return select;
    };
    const colour = choose("Colour", "score");
    const across = choose("Across", "", "place in the model"), up = choose("Up", "deviation");
    const canvas = h("canvas", { tabindex: 0, role: "img" });
    const note = h("p", { class: "note" });
    const root = h("div", { class: "map", hidden: true }, h("div", { class: "controls" }, h("label", {}, "Colour", colour), h("label", {}, "Across", across), h("label", { class: "up" }, "Up", up)), note, canvas);
    let found = new Set(), cells = [], at = -1, room = 0;

    const layout = (width) => {
      cells = [];
      const labels = [];
      if (across.value) {
        const x = ranks(columns[across.value]), y = ranks(columns[up.value]), tall = Math.min(520, Math.max(300, width * 0.6));
        for (let i = 0; i < columns.site.length; i++) if (atlas.known(x[i]) && atlas.known(y[i])) cells.push([6 + x[i] * (width - 12), 6 + (1 - y[i]) * (tall - 12), i]);
        return { labels, tall, size: 5 };
      }
      const size = width < 600 ? 7 : 9, line = Math.max(1, Math.floor(width / size));
      let y = 0;
      for (const site of sites) {
        labels.push([site, y + 14]);
        y += 20;
        let count = 0;
        for (let i = 0; i < columns.site.length; i++) if (columns.site[i] === site) {
          cells.push([(count % line) * size, y + Math.floor(count / line) * size, i]);
          count++;
        }
        y += Math.ceil(count / line) * size + 12;
      }
      return { labels, tall: y, size: size - 1 };
    };
    let shape = { labels: [], tall: 0, size: 1 };

    const draw = () => {
      if (root.hidden) return;
      const width = root.clientWidth, ratio = window.devicePixelRatio || 1;
      shape = layout(width);
      canvas.width = width * ratio;
      canvas.height = shape.tall * ratio;
      canvas.style.height = `${shape.tall}px`;
      const pen = canvas.getContext("2d");
      pen.scale(ratio, ratio);
      const values = columns[colour.value], signed = values.some((one) => one < 0) && values.some((one) => one > 0);
      const rank = ranks(signed ? values.map((one) => atlas.known(one) ? Math.abs(one) : one) : values);
      const paper = parsed(atlas.colour("--line")), blue = [0, 114, 178], orange = [213, 94, 0], soft = atlas.colour("--soft");
      pen.font = `12px ${atlas.colour("--text")}`;
      pen.fillStyle = soft;
      for (const [site, y] of shape.labels) pen.fillText(site, 0, y);
      for (const [x, y, i] of cells) {
        const share = rank[i];
        const [r, g, b] = !atlas.known(share) ? paper : mix(paper, signed && values[i] < 0 ? blue : orange, share);
        pen.fillStyle = `rgba(${r},${g},${b},${found.has(i) ? 1 : 0.14})`;
        pen.fillRect(x, y, shape.size, shape.size);
      }
      const here = cells[at];
      if (here) {
        pen.strokeStyle = atlas.colour("--ink");
        pen.lineWidth = 1.5;
        pen.strokeRect(here[0] - 1, here[1] - 1, shape.size + 2, shape.size + 2);
      }
      const title = numeric.find((one) => one.name === colour.value).title;
      up.parentElement.hidden = !across.value;
      note.textContent = `${across.value ? "A point" : "A cell"} is a unit; its colour is its rank by ${title} among all${signed ? ", the stronger the farther from 0, orange above and blue below" : ", the stronger the higher"}. Pale: not among those found.${across.value ? " Both axes are ranks." : ""}`;
      canvas.setAttribute("aria-label", `Map of ${columns.site.length} units by ${title}; arrow keys choose one, Enter opens it`);
    };
    const near = (x, y) => {
      let best = -1, least = (shape.size + 3) ** 2;
      cells.forEach(([left, top], place) => {
        const far = (left + shape.size / 2 - x) ** 2 + (top + shape.size / 2 - y) ** 2;
        if (far < least) [best, least] = [place, far];
      });
      return best;
    };
    const tell = (place) => {
      at = place;
      draw();
      if (place < 0) return atlas.hide();
      const [x, y, i] = cells[place], box = canvas.getBoundingClientRect(), one = numeric.find((each) => each.name === colour.value);
      atlas.show({ left: box.left + x, top: box.top + y, bottom: box.top + y + shape.size }, h("b", {}, `${columns.site[i]} ${columns.name[i] || columns.unit[i]}`),
        columns.description[i] || columns.high_words[i], `${one.title}: ${one.write(columns[one.name][i])}`);
    };
    const go = () => at >= 0 && open(cells[at][2]);
    canvas.addEventListener("pointermove", (event) => {
      const place = near(event.offsetX, event.offsetY);
      if (place !== at) tell(place);
    });
    canvas.addEventListener("pointerleave", () => tell(-1));
    canvas.addEventListener("click", (event) => {
      at = near(event.offsetX, event.offsetY);
      go();
    });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
      const jump = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step && !jump && event.key !== "Enter") return;
      event.preventDefault();
      if (event.key === "Enter") return go();
      if (jump && at >= 0) {  // the nearest cell in the row below, or above
        const [x, y] = cells[at];
        const rest = cells.map((cell, place) => [cell, place]).filter(([cell]) => jump * (cell[1] - y) > 1);
        rest.sort(([a], [b]) => jump * (a[1] - b[1]) || Math.abs(a[0] - x) - Math.abs(b[0] - x));
        return rest.length && tell(rest[0][1]);
      }
      tell(Math.min(Math.max(at + (step || 0), 0), cells.length - 1));
    });
    addEventListener("scheme", draw);
    new ResizeObserver(() => {
      if (root.clientWidth === room) return;
      room = root.clientWidth;
      draw();
    }).observe(root);
    return { root, show: (rows) => {
      found = new Set(rows);
      draw();
    } };
  };
});

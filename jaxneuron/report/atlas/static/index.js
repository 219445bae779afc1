// The first page: all units of all sites, as a table or as a map.
atlas.part(function index(atlas) {
  "use strict";
  const { h, number } = atlas;

  atlas.indexPage = async () => {
    const [manifest, columns] = await Promise.all([atlas.manifest(), atlas.json("index")]);
    const search = atlas.searcher(columns);
    const run = manifest.provenance;
    const texts = run.corpus;
    atlas.frame(manifest.title, h("p", { class: "lead" }, `${number(manifest.units)} units of ${number(manifest.sites.length)} ${manifest.sites.length === 1 ? "site" : "sites"}`,
      `, over ${atlas.known(texts.words) ? `${number(texts.words)} words of ` : ""}${[texts.name, texts.split].filter(Boolean).join(", ")}.`),
      manifest.note && h("p", { class: "note" }, manifest.note));

    let state = { q: "", site: "", sort: "", up: "", view: "", ...atlas.state() };
    const go = (address) => {
      location.href = address;
    };
    const change = (more) => {
      state = { ...state, ...more };
      draw();
    };
    const sortBy = (name) => change({ sort: name, up: state.sort === name && !state.up ? "1" : "" });
    const list = atlas.list(columns, go, sortBy);
    const map = atlas.map(columns, (i) => go(atlas.address("unit", { site: columns.site[i], unit: columns.unit[i], kind: columns.kind[i] === "unit" ? "" : columns.kind[i] })));

    const box = h("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false", placeholder: "comma, token:the, concept:verb, density>0.1", oninput: () => change({ q: box.value }) });
    const site = h("select", { onchange: () => change({ site: site.value }) }, h("option", { value: "" }, "all sites"), manifest.sites.map((one) => h("option", { value: one.name }, one.name)));
    const sort = h("select", { onchange: () => change({ sort: sort.value, up: "" }) }, h("option", { value: "" }, "their order"), list.used.map((one) => h("option", { value: one.name }, one.title)));
    const way = h("button", { type: "button", class: "way", onclick: () => change({ up: state.up ? "" : "1" }) });
    const tabs = [["", "Table"], ["map", "Map"]].map(([view, name]) => h("button", { type: "button", onclick: () => change({ view }) }, name));
    const by = columns.explained.some(atlas.known) ? "explained" : "kurtosis";
    const known = by === "explained" ? "by their descriptions and concepts, on held-out text" : "by kurtosis: nothing was scored on held-out text";
    const quick = [["", "Most explained"], ["1", "Least explained"]].map(([up, name]) => h("button", { type: "button", title: `Units that are ${name.toLowerCase()} first, ${known}`,
      onclick: () => change(state.sort === by && state.up === up ? { sort: "", up: "" } : { sort: by, up }) }, name));
    const count = h("p", { class: "note", "aria-live": "polite" });
    const help = h("details", { class: "help" }, h("summary", {}, "How to search"), h("p", { class: "note" },
      "All words must occur somewhere in a row; \"several words\" as they stand. One field: token:the (where it is highest or lowest), text:\"of the\" (the words around), concept:, formula:, description:, input: (what drives it highest), writes: (what it speaks for), site:, is:dead, is:feature. Numbers: score>0.5, density<0.01. Keys: / to search, arrows and Enter to choose a row."));
    atlas.place("content").replaceChildren(h("div", { class: "controls" }, h("label", { class: "wide" }, "Search", box), h("label", {}, "Site", site), h("label", {}, "Sort by", h("span", { class: "pair" }, sort, way)),
      h("div", { class: "tabs", role: "group", "aria-label": "View" }, tabs), h("div", { class: "tabs quick", role: "group", "aria-label": "Quick order" }, quick)), help, count, list.root, map.root);
    atlas.place("foot").replaceChildren(h("details", {}, h("summary", {}, "Where this comes from"), h("pre", { class: "command" }, h("code", {}, run.command)), h("p", {}, atlas.copier("Copy the command that reproduces this", run.command)),
      h("p", { class: "note" }, `Seed ${run.seed}; text ${texts.hash}; ${Object.entries(run.versions).map(([name, version]) => `${name} ${version}`).join(", ")}.`)),
      h("p", {}, "The same as a table: ", h("a", { href: "index.csv" }, "CSV"), ", ", h("a", { href: "index.parquet" }, "Parquet"), "."));

    const draw = () => {
      const found = search(state.q, state.site);
      const rows = atlas.sorted(found, columns, state.sort, !state.up);
      list.root.hidden = state.view === "map";
      map.root.hidden = state.view !== "map";
      if (state.view === "map") map.show(found);
      else list.draw(rows, state.sort, !state.up);
      if (box.value !== state.q) box.value = state.q;
      site.value = state.site;
      sort.value = state.sort;
      way.textContent = state.up ? "↑" : "↓";
      way.setAttribute("aria-label", state.up ? "The lowest first" : "The highest first");
      quick.forEach((one, i) => one.setAttribute("aria-pressed", String(state.sort === by && Boolean(state.up) === (i === 1))));
      tabs.forEach((tab, i) => tab.setAttribute("aria-pressed", String((state.view === "map") === (i === 1))));
      count.textContent = found.length === manifest.units ? `All ${number(found.length)} units.` : found.length ? `${number(found.length)} of ${number(manifest.units)} units.` : "No unit has that.";
      atlas.keep(state.sort ? state : { ...state, up: "" });
    };
    addEventListener("hashchange", () => {
      state = { q: "", site: "", sort: "", up: "", view: "", ...atlas.state() };
      draw();
    });
    addEventListener("keydown", (event) => {
      if (event.key === "/" && !event.target.closest("input, select")) {
        event.preventDefault();
        box.focus();
      }
    });
    draw();
    document.documentElement.dataset.ready = "true";
  };
  if (document.documentElement.dataset.page === "index") atlas.start(() => atlas.indexPage());
});

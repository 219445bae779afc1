// The page of a text: the value of a unit at every word, and what else is on in a stretch that the reader selects.
atlas.part(function text(atlas) {
  "use strict";
  const { h, number, percent } = atlas;
  const MOST = 40;  // units that a match asks for: more differ by little

  atlas.textPage = async () => {
    const manifest = await atlas.manifest();
    const sites = Object.keys(manifest.values || {});
    if (!atlas.keeps) {
      atlas.frame("Texts");
      throw new Error("This atlas keeps no texts: it was made without them.");
    }
    const texts = await atlas.json("texts/texts");
    const read = new Map();
    const valuesOf = (site) => {
      if (!read.has(site)) read.set(site, atlas.values(manifest, site, texts));
      return read.get(site);
    };
    let chosen = null, dragging = false, turn = 0;

    const change = (more) => {
      const kept = { ...asked(), ...more };
      location.hash = atlas.address("text", kept).split("#")[1];
    };
    const asked = () => {
      const given = atlas.state();
      if (given.text && !texts.numbers.includes(Number(given.text))) throw new Error(`Text ${given.text} is not among those that this atlas keeps whole.`);
      const site = sites.includes(given.site) ? given.site : sites[0];
      return { ...given, text: given.text ? Number(given.text) : texts.numbers[0], site, unit: Math.min(Math.max(0, Math.trunc(Number(given.unit) || 0)), manifest.values[site].units - 1),
        level: given.level || "0.95", by: given.by === "value" ? "value" : "", least: given.least || "", alone: given.alone || "" };
    };

    const show = async () => {
      const mine = ++turn;
      delete document.documentElement.dataset.ready;
      atlas.hide();
      const now = asked();
      const place = texts.numbers.indexOf(now.text);
      const values = await valuesOf(now.site);
      const row = await values.of(place);
      if (mine !== turn) return;
      const tokens = texts.tokens[place];
      const own = tokens.map((_, word) => row.at(word, now.unit));
      const spread = values.spread(now.unit);
      const page = atlas.file(manifest, { site: now.site, unit: now.unit });
      atlas.frame(`Text ${number(now.text)}`, h("p", { class: "lead" }, `At ${now.site}, `, page ? h("a", { href: atlas.address("unit", { site: now.site, unit: now.unit }) }, `unit ${now.unit}`) : `unit ${now.unit}`, "."));

      const pick = (label, value, options, change_) => {
        const select = h("select", { onchange: () => change_(select.value) }, options.map(([key, name]) => h("option", { value: key }, name)));
        select.value = value;
        return h("label", {}, label, select);
      };
      const begin = (words) => words.slice(0, 6).join(" ").slice(0, 60);
      const level = values.levels.findIndex((one) => String(one) === now.level);
      const threshold = now.by === "value" ? () => Number(now.least) : (unit) => values.at(unit, level < 0 ? values.levels.indexOf(0.95) : level);
      const controls = h("div", { class: "controls" },
        pick("Text", String(now.text), texts.numbers.map((one, i) => [String(one), `${one}: ${begin(texts.tokens[i])}`]), (value) => change({ text: value, from: "", to: "", word: "" })),
        pick("Site", now.site, sites.map((one) => [one, one]), (value) => change({ site: value, unit: 0 })),
        h("label", {}, "Unit", h("input", { type: "number", min: 0, max: values.units - 1, value: now.unit, onchange: (event) => change({ unit: event.target.value }) })),
        pick("On means", now.by, [["", "above a share of the words"], ["value", "above a value"]], (value) => change({ by: value, least: value ? now.least || Number(values.at(now.unit, 8).toPrecision(3)) : "" })),
        now.by === "value" ? h("label", {}, "Value", h("input", { type: "number", step: "any", value: now.least, onchange: (event) => change({ least: event.target.value }) }))
          : pick("Share", now.level, values.levels.slice(4, -1).map((one) => [String(one), percent(one)]), (value) => change({ level: value })),
        h("label", { class: "choice" }, h("input", { type: "checkbox", checked: Boolean(now.alone), onchange: (event) => change({ alone: event.target.checked ? "1" : "" }) }), "off just before and after"));

      const strip = atlas.strip({ tokens, values: own }, spread, { whole: true, breaks: true, label: "The text; arrow keys go through its words, with Shift they select a stretch" });
      strip.classList.add("whole");
      const step = (way) => texts.numbers[place + way];
      const links = h("p", { class: "tools" }, [[-1, "← text #", "prev"], [1, "text # →", "next"]].map(([way, name, rel]) => atlas.known(step(way)) && h("a", { rel, href: atlas.address("text", { ...now, text: step(way), from: "", to: "", word: "" }) }, name.replace("#", step(way)))));
      const result = h("div", { "aria-live": "polite" });
      atlas.place("content").replaceChildren(controls, h("p", { class: "note" }, "Drag over some words (or hold Shift with the arrow keys): which units are on throughout, and where else are they on together? Shares are of the words of these texts."),
        strip, links, result);
      atlas.place("foot").replaceChildren(h("p", {}, `${number(texts.tokens.length)} texts are kept whole. Keys: p and n for the text before and after.`));

      const mark = (from, to) => strip.spans.forEach((span, i) => span.classList.toggle("in", atlas.known(from) && i >= from && i <= to));
      if (now.word !== undefined && now.word !== "") strip.spans[Number(now.word)]?.classList.add("at");
      const limit = (value) => Math.min(Math.max(0, Number(value)), tokens.length - 1);
      const from = now.from !== undefined && now.from !== "" ? limit(now.from) : null, to = now.to ? limit(now.to) : from;
      mark(from, to);
      const word = (event) => {
        const span = document.elementFromPoint(event.clientX, event.clientY)?.closest(".t");
        return span && strip.contains(span) ? Number(span.dataset.i) : null;
      };
      const select = (a, b) => change({ from: String(Math.min(a, b)), to: String(Math.max(a, b)), word: "" });
      let start = null, end = null;
      strip.addEventListener("pointerdown", (event) => {
        start = end = word(event);
        if (start !== null) {
          mark(start, start);
          event.preventDefault();
          strip.focus({ preventScroll: true });
        }
      });
      strip.addEventListener("pointermove", (event) => {
        const here = word(event);
        if (start === null || here === null || !event.buttons) return;
        end = here;
        mark(Math.min(start, end), Math.max(start, end));
      });
      strip.addEventListener("pointerup", () => {
        if (start !== null) select(start, end);
        start = null;
      });
      let anchor = null, head = null;
      strip.addEventListener("keydown", (event) => {
        const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!way || !event.shiftKey) return;
        event.preventDefault();
        const cursor = strip.querySelector(".cursor");
        if (anchor === null) anchor = head = cursor ? Number(cursor.dataset.i) : from ?? 0;
        else head = limit(head + way);
        mark(Math.min(anchor, head), Math.max(anchor, head));
      });
      strip.addEventListener("keyup", (event) => {
        if (event.key === "Shift" && anchor !== null) select(anchor, head);
      });
      if (from !== null) await report(result, { now, place, values, row, from, to, threshold, mine });
      if (mine === turn) document.documentElement.dataset.ready = "true";
    };

    const report = async (result, { now, place, values, row, from, to, threshold, mine }) => {
      const tokens = texts.tokens[place];
      const on = atlas.on(values, row, from, to, threshold, Boolean(now.alone));
      const key = JSON.stringify([now.site, now.text, from, to, now.level, now.by, now.least, now.alone]);
      if (!chosen || chosen.key !== key) chosen = { key, units: new Set(on.slice(0, MOST).map((one) => one.unit)) };
      const name = tokens.slice(from, to + 1).join(" ");
      const places = h("div");
      const chip = ({ unit, mean, rank }) => h("label", { class: "chip", title: `mean ${number(mean)}, above ${percent(rank)} of the words` },
        h("input", { type: "checkbox", checked: chosen.units.has(unit), onchange: (event) => {
          chosen.units[event.target.checked ? "add" : "delete"](unit);
          elsewhere();
        } }), h("a", { href: atlas.address("text", { ...now, unit }) }, String(unit)));
      const all = h("div", { class: "chips" }, on.slice(0, 200).map(chip));
      const elsewhere = async () => {
        const units = [...chosen.units];
        if (!units.length) return places.replaceChildren();
        const found = await atlas.matches(values, texts, units, to - from + 1, threshold, { text: place, first: from, last: to });
        if (mine !== turn) return;
        const spread = values.spread(now.unit);
        const items = await Promise.all(found.map(async (one) => {
          const own = await values.of(one.text), words = texts.tokens[one.text];
          const first = Math.max(0, one.first - 8), last = Math.min(words.length, one.last + 9);
          const part = words.slice(first, last);
          const strip = atlas.strip({ tokens: part, values: part.map((_, i) => own.at(first + i, now.unit)) }, spread, { whole: true });
          strip.spans.forEach((span, i) => span.classList.toggle("in", first + i >= one.first && first + i <= one.last));
          const address = atlas.address("text", { ...now, text: texts.numbers[one.text], from: one.first, to: one.last, word: "" });
          return h("li", {}, h("span", { class: "value" }, `${one.on.length}/${units.length}`), h("div", {}, strip, h("a", { class: "note", href: address }, `text ${texts.numbers[one.text]}`)));
        }));
        places.replaceChildren(h("h2", {}, "Where they are on together"), h("p", { class: "note" }, items.length ? `The best stretch of ${number(to - from + 1)} ${to > from ? "words" : "word"} of each text with at least half of them, those with most of the ${number(units.length)} units first.` : "Nowhere else in these texts."),
          h("ol", { class: "examples matches" }, items));
      };
      result.replaceChildren(h("h2", {}, `On throughout “${name}”`), h("p", { class: "note" }, on.length ? `${number(on.length)} of ${number(values.units)} units, the most unusual first${on.length > MOST ? `; the first ${MOST} are looked for elsewhere` : ""}.` : "No unit is; select fewer words, or lower the threshold."), all, places);
      await elsewhere();
    };
    addEventListener("hashchange", () => show().catch(atlas.fail));
    addEventListener("keydown", (event) => {
      if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
      const link = { p: "a[rel=prev]", n: "a[rel=next]" }[event.key];
      if (link) document.querySelector(link)?.click();
    });
    await show();
  };
  if (document.documentElement.dataset.page === "text") atlas.start(() => atlas.textPage());
});

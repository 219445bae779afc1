// Both sides of a unit, one beside the other: where it is highest and lowest, then range by range.
atlas.part(function sides(atlas) {
  "use strict";
  const { h, number, percent } = atlas;

  const shown = (example, unit, options) => {
    const value = example.values[example.word];
    const where = `text ${number(example.text)}`;
    const address = atlas.kept && atlas.kept(example.text) && atlas.address("text", { text: example.text, ...atlas.unit(unit.identity), word: (example.start || 0) + example.word });
    const note = [example.label, example.split].filter(Boolean).join(", ");
    return h("li", {},
      h("span", { class: "value" }, number(value)),
      h("div", {}, atlas.strip(example, unit.distribution, { ...options, label: `${where}, ${number(value)} at ${example.tokens[example.word]}` }),
        h("span", { class: "note" }, address ? h("a", { href: address }, where) : where, note && ` · ${note}`)));
  };
  const list = atlas.examples = (examples, unit, options = {}) => h("ol", { class: "examples" }, examples.map((one) => shown(one, unit, options)));

  const side = (name, polarity, unit, options) => {
    const id = name.toLowerCase();
    if (!polarity || (!polarity.top.length && !(polarity.bins || []).length)) {
      return h("section", { "aria-labelledby": id }, h("h3", { id }, name), h("p", { class: "note" }, "No places on this side."));
    }
    const bins = (polarity.bins || []).map((bin) => h("details", {}, h("summary", {}, `${number(bin.lower)} to ${number(bin.upper)}`,
      h("span", { class: "note" }, ` · ${number(bin.count)} words (${percent(bin.fraction)}), ${number(bin.drawn)} drawn at random`)),
      list(bin.examples || [], unit, options)));
    return h("section", { "aria-labelledby": id }, h("h3", { id }, name), list(polarity.top, unit, options),
      bins.length ? [h("h4", {}, "Range by range"), bins] : null);
  };

  // Return the section, which redraws itself when a reader asks for whole texts or their lines.
  atlas.sides = (unit) => {
    const { positive, negative, duplicates } = unit.examples;
    const options = { whole: false, breaks: false };
    const places = h("div", { class: "sides" });
    const draw = () => {
      const open = new Set([...places.querySelectorAll("details")].map((one, i) => (one.open ? i : -1)));
      places.replaceChildren(side("Highest", positive, unit, options), side("Lowest", negative, unit, options));
      [...places.querySelectorAll("details")].forEach((one, i) => (one.open = open.has(i)));
    };
    const choice = (name, label) => h("label", { class: "choice" }, h("input", { type: "checkbox", onchange: (event) => {
      options[name] = event.target.checked;
      draw();
    } }), label);
    draw();
    return h("section", { "aria-labelledby": "where" }, h("h2", { id: "where" }, "Where it is highest and lowest"),
      h("p", { class: "note" }, "Orange: above the unit's mean over the corpus; blue: below; the stronger the colour, the farther. Point at a word, or go through a text with the arrow keys, for its value. ",
        duplicates && `${duplicates[0].toUpperCase()}${duplicates.slice(1)}.`),
      h("div", { class: "choices" }, choice("whole", "Whole texts"), choice("breaks", "Line breaks")), places);
  };
});

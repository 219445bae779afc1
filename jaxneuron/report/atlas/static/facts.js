// What else is known about a unit: how its values are spread, what is made of it, and what it is near.
atlas.part(function facts(atlas) {
  "use strict";
  const { h, number, percent } = atlas;
  const section = (id, title, ...content) => h("section", { "aria-labelledby": id }, h("h2", { id }, title), ...content);
  const some = (list) => list && list.length > 0;
  const words = (tokens) => h("span", { class: "words" }, tokens.join(" "));
  const pairs = (entries) => h("dl", { class: "options" }, entries.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  const sign = (one) => (one === "-" ? "−" : one);

  atlas.facts = {};

  atlas.facts.descriptions = ({ descriptions }) => some(descriptions) && section("said", "What is said of it, and how well that foretells it",
    atlas.table("Scored on text that had no say in the sentence. Orange: its score with its interval; grey: that of the control, the descriptions of other units.", ["description", "made by", "measure", "score#", "control#", ""], descriptions.flatMap((one) =>
      [one, ...(one.others || [])].map((figure, i) => [i ? "" : one.text, i ? "" : one.source, figure.measure, atlas.estimate(figure.score), atlas.estimate(figure.control), atlas.beside(figure.score, figure.control)]))));

  atlas.facts.distribution = ({ distribution: spread }) => section("spread", "How its values are spread", atlas.histogram(spread), pairs([
    ["words", number(spread.count)], ["above 0", spread.density && atlas.estimate(spread.density, percent)], ["mean", atlas.estimate(spread.mean)],
    ["standard deviation", number(Math.sqrt(spread.variance))], ["smallest", number(spread.minimum)], ["largest", number(spread.maximum)],
    ["skewness", atlas.known(spread.skewness) ? number(spread.skewness) : null], ["kurtosis", atlas.known(spread.kurtosis) ? number(spread.kurtosis) : null],
    ["at an end of its range", atlas.known(spread.saturated) ? percent(spread.saturated) : null], ["dead", spread.dead ? "yes: it is never on" : null]]),
    some(spread.quantiles) && h("details", {}, h("summary", {}, "Quantiles"), atlas.table("Shares of the words, and the value below which they lie", ["share#", "value#"],
      spread.levels.map((level, i) => [percent(level), number(spread.quantiles[i], 4)]))));

  atlas.facts.inputs = ({ inputs }) => some(inputs) && section("best", "Best inputs",
    atlas.table("What searches found to drive it, beside the text", ["method", "side", "input", "value#", "above, of the words#", "what is known"], inputs.map((one) =>
      [one.method, one.sign === "-" ? "lowest" : "highest", words(one.tokens), number(one.activation), atlas.known(one.percentile) ? percent(one.percentile / 100) : "–", one.certificate || ""])));

  atlas.facts.cases = (unit, _, cases = unit.sign_cases) => some(cases) && section("cases", "Gate and input",
    atlas.table("Signs of gate and input, and the unit's value there", ["gate", "input", "words#", "mean#", "smallest#", "largest#"], cases.map((one) =>
      [sign(one.gate), sign(one.input), percent(one.frequency), number(one.mean), number(one.minimum), number(one.maximum)])),
    cases.filter((one) => some(one.examples)).map((one) => h("details", {}, h("summary", {}, `Gate ${sign(one.gate)}, input ${sign(one.input)}`), atlas.examples(one.examples, unit))));

  atlas.facts.concepts = ({ concepts }) => some(concepts) && section("concepts", "Concepts",
    atlas.table("Found on one part of the text, scored on another", ["formula", "measure", "held out#", "control#", "", "found with#", "p#"], concepts.map((one) =>
      [h("code", {}, one.formula), one.measure, atlas.estimate(one.held_out), atlas.estimate(one.control), atlas.beside(one.held_out, one.control), number(one.score), number(one.p)])));

  const tokens = (list) => h("ol", { class: "tokens" }, list.map((one) => h("li", {}, words([one.token]), " ", h("span", { class: "note" }, number(one.value)))));
  atlas.facts.writes = ({ writes }) => some(writes) && section("writes", "What it writes", writes.map((one) => h("div", {}, h("h3", {}, one.method.replaceAll("_", " ")),
    h("div", { class: "sides" }, h("div", {}, h("h4", {}, "More likely"), tokens(one.top)), h("div", {}, h("h4", {}, "Less likely"), tokens(one.bottom || []))),
    atlas.known(one.null_quantile) && h("p", { class: "note" }, `Its strongest token is above that of ${percent(one.null_quantile)} of random directions.`))));

  const HELD = { mean: "Held at its mean", zero: "Held at 0" };
  atlas.facts.effects = ({ effects }) => some(effects) && section("effect", "What changes without it", effects.map((one) => h("div", {}, h("h3", {}, HELD[one.method] || one.method),
    pairs([["loss, nats a word", one.loss && atlas.estimate(one.loss)], ["divergence, nats", one.divergence && atlas.estimate(one.divergence)],
      [`turn of ${one.at}, 1 minus the cosine`, one.turned && atlas.estimate(one.turned)]]),
    some(one.words) && atlas.table("Words that change most", ["word", "before#", "after#"], one.words.map((word) => [words([word.token]), percent(word.before), percent(word.after)])))));

  // measure -> what it says, and what its figure is
  const NEAR = new Map([
    ["correlation", ["Go with it", "Correlation over the words of the text, and how many exemplars they share"]],
    ["upstream", ["Feed it", "By how many of its deviations it goes up, to first order, if such a unit goes up by one; past no other site of the atlas"]],
    ["downstream", ["It feeds", "By how many of their deviations these go up if it goes up by one"]],
    ["cosine of inputs", ["Are fed by the same", "Cosine of what feeds them"]],
    ["cosine of outputs", ["Feed the same", "Cosine of what they feed"]],
  ]);
  atlas.facts.neighbours = ({ neighbours, identity }, manifest) => {
    if (!some(neighbours)) return null;
    const named = (one) => {
      const name = one.site === identity.site ? `${one.kind && one.kind !== "unit" ? `${one.kind} ` : "unit "}${one.unit}` : `${one.site}, ${atlas.named(one)}`;
      const there = manifest && atlas.file(manifest, one);
      return there ? h("a", { href: atlas.address("unit", atlas.unit(one)) }, name) : name;
    };
    const measures = [...new Set([...NEAR.keys(), ...neighbours.map((one) => one.measure)])];
    return section("near", "Neighbours", h("div", { class: "kinds" }, measures.map((measure) => {
      const these = neighbours.filter((one) => one.measure === measure), [title, about] = NEAR.get(measure) || [measure, measure];
      const shared = these.some((one) => atlas.known(one.shared));
      return some(these) && h("div", {}, h("h3", {}, title), atlas.table(about, ["unit", "value#", ...(shared ? ["shared#"] : [])],
        these.map((one) => [named(one), number(one.value), ...(shared ? [number(one.shared)] : [])])));
    })));
  };

  atlas.facts.recurrence = ({ recurrence }) => some(recurrence) && section("again", "In other models",
    atlas.table("The unit of each that is most alike", ["model", "unit", "correlation#", "in a random rotation#"], recurrence.map((one) =>
      [one.model, `${one.site} ${one.unit}`, number(one.correlation), number(one.baseline)])));

  atlas.facts.provenance = ({ identity, provenance: run }) => {
    const source = run.corpus;
    const weights = Object.entries(identity.weights || {}).map(([name, value]) => [name === "kind" ? "by its weights" : `${name.replaceAll("_", " ")} of its weights`, typeof value === "string" ? value : number(value)]);
    return section("run", "Where this comes from", h("pre", { class: "command" }, h("code", {}, run.command)),
      h("p", {}, atlas.copier("Copy the command that reproduces this", run.command)), pairs([
        ["model", identity.model], ["fingerprint", identity.fingerprint], ["text", [source.name, source.split].filter(Boolean).join(", ")], ["hash of the text", source.hash],
        ["texts", atlas.known(source.texts) ? number(source.texts) : null], ["words", atlas.known(source.words) ? number(source.words) : null], ["seed", String(run.seed)],
        ["numbers", run.dtype], ["made", run.created], ...Object.entries(run.versions), ...weights,
        ["units of the group", some(identity.members) ? identity.members.join(", ") : null]]));
  };
});

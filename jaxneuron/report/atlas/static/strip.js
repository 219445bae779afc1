// A strip of tokens, each in the colour of its value: orange above the unit's mean, blue below.
atlas.part(function strip(atlas) {
  "use strict";
  const { h, number, percent } = atlas;
  const AROUND = 8;

  // How strong a colour is: by the distance from the mean, up to the farther end of the corpus.
  atlas.shade = (spread) => {
    const mean = spread.mean.value;
    const most = Math.max(spread.maximum - mean, mean - spread.minimum) || 1;
    return (value) => {
      const share = Math.min(Math.abs(value - mean) / most, 1) * 0.75;
      return atlas.known(value) && share >= 0.01 ? `rgba(${value > mean ? "213,94,0" : "0,114,178"},${share.toFixed(3)})` : "";
    };
  };

  // Return an element for one example. `whole` shows every token, `breaks` a line for each line of the text.
  atlas.strip = (example, spread, { whole = false, breaks = false, label = "" } = {}) => {
    const { tokens, values, word = -1 } = example;
    const shade = atlas.shade(spread);
    const first = whole || word < 0 ? 0 : Math.max(0, word - AROUND);
    const last = whole || word < 0 ? tokens.length : Math.min(tokens.length, word + AROUND + 1);
    const root = h("p", { class: "words strip", tabindex: 0, role: "group", "aria-label": label || "A text; arrow keys go through its words" });
    if (first > 0) root.append(h("span", { class: "soft" }, "… "));
    const spans = [];
    for (let i = first; i < last; i++) {
      const line = tokens[i].includes("\n");
      const span = h("span", { class: i === word ? "t at" : "t", "data-i": i }, line ? tokens[i].replaceAll("\n", "⏎") : tokens[i]);
      span.style.background = shade(values[i]);
      spans.push(span);
      root.append(span, breaks && line ? document.createElement("br") : " ");
    }
    if (last < tokens.length) root.append(h("span", { class: "soft" }, "…"));
    const tell = (i) => {
      const span = spans[i - first];
      root.querySelector(".cursor")?.classList.remove("cursor");
      span.classList.add("cursor");
      atlas.show(span.getBoundingClientRect(), h("b", {}, tokens[i]), ...(atlas.known(values[i]) ? [`value ${number(values[i], 4)}`, `above ${percent(atlas.below(spread, values[i]))} of the words`] : ["value not kept"]));
    };
    const leave = () => {
      root.querySelector(".cursor")?.classList.remove("cursor");
      atlas.hide();
    };
    root.addEventListener("pointerover", (event) => event.target.dataset.i && tell(Number(event.target.dataset.i)));
    root.addEventListener("pointerleave", leave);
    root.addEventListener("blur", leave);
    root.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
      if (!step || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      const at = root.querySelector(".cursor");
      const from = at ? Number(at.dataset.i) : word >= 0 ? word - step : first - 1;
      tell(Math.min(Math.max(Number.isFinite(from + step) ? from + step : step > 0 ? last - 1 : first, first), last - 1));
    });
    root.spans = spans;
    return root;
  };
});

// The units of an atlas in a notebook: choose one, and see its page. The page itself is that of the atlas, in a frame.
function render({ model, el }) {
  const made = (tag, attributes) => Object.assign(document.createElement(tag), attributes);
  const site = made("select", { ariaLabel: "Site" });
  for (const name of Object.keys(model.get("units"))) site.append(made("option", { value: name, textContent: name }));
  const unit = made("input", { type: "number", ariaLabel: "Unit", required: true });
  const [before, after] = ["← before", "after →"].map((textContent) => made("button", { type: "button", textContent }));
  const frame = made("iframe", { sandbox: "allow-scripts allow-downloads", title: "The page of a unit" });
  const tools = made("div", {});
  tools.style.cssText = "display: flex; flex-wrap: wrap; gap: .5em; padding: .5em 0";
  frame.style.cssText = "width: 100%; border: 0";
  tools.append(site, unit, before, after);
  el.append(tools, frame);

  const numbers = () => model.get("units")[model.get("site")].flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, place) => first + place));
  const choose = (name, number) => {
    model.set({ site: name, unit: number });
    model.save_changes();
  };
  const step = (by) => {
    const known = numbers();
    const next = known[known.indexOf(model.get("unit")) + by];
    if (next !== undefined) choose(model.get("site"), next);
  };
  const show = () => {
    const known = numbers();
    site.value = model.get("site");
    unit.value = model.get("unit");
    unit.min = known[0];
    unit.max = known.at(-1);
    frame.height = model.get("height");
    frame.srcdoc = model.get("page");
  };
  site.onchange = () => choose(site.value, model.get("units")[site.value][0][0]);
  unit.onchange = () => {
    if (numbers().includes(unit.valueAsNumber)) choose(site.value, unit.valueAsNumber);
    else unit.value = model.get("unit");
  };
  before.onclick = () => step(-1);
  after.onclick = () => step(1);
  model.on("change:page", show);
  show();
}
export default { render };

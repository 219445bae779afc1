// The page of one unit: a function of its record alone.
atlas.part(function unit(atlas) {
  "use strict";
  const { h, number } = atlas;

  // The numbers that have a page, one after the other.
  const beside = (manifest, identity, step) => {
    const site = manifest.sites.find((one) => one.name === identity.site);
    const ranges = site.ranges[identity.kind];
    const at = ranges.findIndex(([first, last]) => first <= identity.unit && identity.unit <= last);
    const next = identity.unit + step;
    if (ranges[at][0] <= next && next <= ranges[at][1]) return next;
    const other = ranges[at + step];
    return other ? other[step > 0 ? 0 : 1] : null;
  };

  // The page with its code and its data, as one file that opens anywhere.
  const whole = async (name) => {
    const copy = document.documentElement.cloneNode(true);
    copy.dataset.alone = "true";
    copy.removeAttribute("style");
    for (const element of copy.querySelectorAll("script, #pop, noscript")) element.remove();
    for (const id of ["head", "content", "foot"]) copy.querySelector(`#${id}`).replaceChildren();
    const policy = copy.querySelector("meta[http-equiv]");
    policy.setAttribute("content", policy.getAttribute("content").replace("script-src 'self'", "script-src 'unsafe-inline'"));
    const safe = (code) => code.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
    const scripts = [`(${atlas.base})();`, ...atlas.parts.map((part) => `atlas.part(${part});`), `atlas.put("alone",${JSON.stringify(await atlas.packed(name))});`];
    for (const code of scripts) copy.querySelector("body").append(h("script", {}, safe(code)));
    return `<!doctype html>\n${copy.outerHTML}\n`;
  };
  const save = async (name, file) => {
    const link = h("a", { href: URL.createObjectURL(new Blob([await whole(name)], { type: "text/html" })), download: file });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  const lead = ({ descriptions = [], distribution, identity, provenance: { corpus } }) => {
    const best = descriptions[0];
    const read = distribution.count === corpus.texts && distribution.count < corpus.words ? "texts" : "words"; // of a site with one vector for a text
    if (!best) return h("p", { class: "lead" }, distribution.dead ? "It is never on in this text." : `${number(distribution.count)} ${read} were read; nobody has said yet what it does.`);
    const score = best.score && [`${best.measure || "score"} `, atlas.estimate(best.score), best.control && [" against ", atlas.estimate(best.control), " for its control"], best.split && ` on ${best.split} text`];
    return [h("p", { class: "lead", title: identity.fingerprint }, best.text), h("p", { class: "note" }, `By ${best.source}`, score && [": ", score], ".")];
  };

  const draw = (unit, manifest, name) => {
    const { identity } = unit;
    const title = `${identity.site}, ${identity.kind === "unit" ? "unit " : identity.name ? "" : `${identity.kind} `}${identity.name || identity.unit}`;
    const go = (step) => manifest && beside(manifest, identity, step);
    const link = (step, label, key) => {
      const other = go(step);
      return atlas.known(other) && h("a", { href: atlas.address("unit", { ...atlas.unit(identity), unit: other }), title: `Key ${key}`, rel: step > 0 ? "next" : "prev" }, label.replace("#", other));
    };
    const file = `${identity.site.replace(/[^\w-]+/g, "-")}-${identity.unit}.html`;
    const tools = h("div", { class: "tools" }, link(-1, "← #", "p"), link(1, "# →", "n"),
      manifest && h("a", { href: atlas.address("index", { site: identity.site }) }, `All of ${identity.site}`),
      manifest && identity.kind === "unit" && manifest.values && manifest.values[identity.site] && h("a", { href: atlas.address("text", atlas.unit(identity)) }, "Over the texts"),
      atlas.copier("Copy the command", unit.provenance.command), !document.documentElement.dataset.alone && h("button", { type: "button", onclick: () => save(name, file) }, "Save as one file"));
    atlas.frame(title, lead(unit), tools);
    const content = [atlas.facts.descriptions(unit), unit.examples && atlas.sides(unit), ...["inputs", "concepts", "effects", "writes", "neighbours", "distribution", "cases", "recurrence", "provenance"]
      .map((part) => atlas.facts[part](unit, manifest))].filter(Boolean);
    atlas.place("content").replaceChildren(...content);
    atlas.place("foot").replaceChildren(h("p", {}, `${identity.model}, read by jaxneuron. `, manifest && "Keys: p and n for the unit before and after, u for all units."));
    document.documentElement.dataset.ready = "true";
  };

  atlas.unitPage = async () => {
    if (atlas.has("alone")) return draw(await atlas.json("alone"), null, "alone");
    const manifest = await atlas.manifest();
    const show = async () => {
      delete document.documentElement.dataset.ready;
      atlas.hide();
      const { site, unit, kind } = atlas.state();
      const name = atlas.file(manifest, { site, unit: Number(unit ?? NaN), kind });
      if (!name) {
        atlas.frame("No such unit");
        throw new Error(site ? `This atlas has no page of ${kind || "unit"} ${unit} of ${site}; go to all units and choose one.` : "Choose one among all units.");
      }
      draw(await atlas.json(name), manifest, name);
      scrollTo(0, 0);
    };
    addEventListener("hashchange", () => show().catch(atlas.fail));
    addEventListener("keydown", (event) => {
      if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
      const link = { p: "a[rel=prev]", n: "a[rel=next]" }[event.key];
      if (link) document.querySelector(link)?.click();
      if (event.key === "u") location.href = "index.html";
    });
    await show();
  };
  if (document.documentElement.dataset.page === "unit") atlas.start(() => atlas.unitPage());
});

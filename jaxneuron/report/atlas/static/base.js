// What all pages share: data, elements, numbers, addresses, the colour scheme, and one pop-up for tokens and cells.
(function base() {
  "use strict";
  const atlas = (window.atlas = { parts: [] });

  // A part is a function, so that a page can write its own code into a file that it saves.
  atlas.base = base;
  atlas.part = (code) => {
    atlas.parts.push(code);
    code(atlas);
  };

  // Data: each piece is a script that calls `put`; a page that needs it and does not have it runs that script.
  const pieces = new Map();
  const waiting = new Map();
  atlas.put = (name, text) => {
    pieces.set(name, text);
  };
  atlas.has = (name) => pieces.has(name);
  atlas.packed = (name) => {
    if (pieces.has(name)) return Promise.resolve(pieces.get(name));
    if (!waiting.has(name)) {
      waiting.set(name, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        const missing = () => {
          waiting.delete(name);
          reject(new Error(`${name}.js is not there; is the folder whole?`));
        };
        script.src = `${name}.js`;
        script.onload = () => (pieces.has(name) ? resolve(pieces.get(name)) : missing());
        script.onerror = missing;
        document.head.append(script);
        script.remove();
      }));
    }
    return waiting.get(name);
  };
  atlas.bytes = async (name) => {
    const packed = atob(await atlas.packed(name));
    const bytes = new Uint8Array(packed.length);
    for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  };
  atlas.json = async (name) => JSON.parse(new TextDecoder().decode(await atlas.bytes(name)));

  // Elements: text is always text.
  const build = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "style") element.style.cssText = value;
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
    return element;
  };
  atlas.h = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);
  atlas.svg = (tag, attributes, ...children) =>
    build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
  atlas.place = (id) => document.getElementById(id);

  // Numbers, as the reports write them.
  atlas.known = (value) => value !== null && value !== undefined && value === value;
  atlas.number = (value, digits = 3) => {
    if (!atlas.known(value)) return "–";
    const size = Math.abs(value);
    const written = Number.isInteger(value) || size >= 1e4
      ? Math.round(value).toLocaleString("en")
      : size && size < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(digits)));
    return written.replaceAll("-", "−");
  };
  atlas.percent = (share) => {
    if (!atlas.known(share)) return "–";
    const written = 100 * share;
    return `${written && written < 0.001 ? "< 0.001" : Number(written.toPrecision(written > 99 && written < 100 ? 5 : 3))}%`;
  };

  // The share of the words below a value, from the quantiles of the corpus.
  atlas.below = (spread, value) => {
    const { levels = [], quantiles = [], minimum, maximum } = spread;
    const x = [minimum, ...quantiles, maximum];
    const y = [0, ...levels, 1];
    if (!atlas.known(value)) return null;
    if (value >= maximum) return 1;
    if (value <= minimum) return 0;
    let i = 1;
    while (i < x.length - 1 && x[i] <= value) i++;
    const width = x[i] - x[i - 1];
    return width > 0 ? y[i - 1] + ((y[i] - y[i - 1]) * (value - x[i - 1])) / width : y[i];
  };

  // Addresses: a page's state is in the part behind #, so that links, reloading and the way back work from a disk, too.
  atlas.state = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  atlas.address = (page, state) => {
    const given = Object.entries(state).filter(([, value]) => value !== "" && value !== null && value !== undefined);
    return `${page}.html#${new URLSearchParams(given)}`;
  };
  atlas.keep = (state) => history.replaceState(null, "", atlas.address(document.documentElement.dataset.page, state));
  atlas.unit = (one) => ({ site: one.site, unit: one.unit, kind: one.kind === "unit" ? "" : one.kind });
  atlas.named = (one) => one.name || `${one.kind && one.kind !== "unit" ? `${one.kind} ` : ""}${one.unit}`;
  atlas.file = (manifest, one) => {
    const site = manifest.sites.find((site) => site.name === one.site);
    const kind = one.kind || "unit";
    const there = site && (site.ranges[kind] || []).some(([first, last]) => first <= one.unit && one.unit <= last);
    return there ? `units/${site.folder}/${kind === "unit" ? "" : `${kind}-`}${one.unit}` : null;
  };

  // The colour scheme: the system's, unless the reader says otherwise. All that depends on it is one media rule.
  const dark = () => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule.media && (rule.scheme || rule.media.mediaText.includes("prefers-color-scheme")));
  const schemes = { auto: "(prefers-color-scheme: dark)", light: "not all", dark: "all" };
  const stored = (value) => {
    try {
      if (value) localStorage.setItem("scheme", value);
      return localStorage.getItem("scheme") || "auto";
    } catch {
      return value || "auto";  // a browser that keeps nothing
    }
  };
  atlas.scheme = (name) => {
    for (const rule of dark()) {
      rule.scheme = true;
      rule.media.mediaText = schemes[name] || schemes.auto;
    }
    document.documentElement.style.colorScheme = name === "auto" ? "light dark" : name;
    window.dispatchEvent(new Event("scheme"));
  };
  atlas.schemes = () => {
    const names = Object.keys(schemes);
    let now = names.includes(stored()) ? stored() : "auto";
    atlas.scheme(now);
    const button = atlas.h("button", { class: "quiet", title: "Colours: as the system has them, light, or dark" }, `Colours: ${now}`);
    button.addEventListener("click", () => {
      now = stored(names[(names.indexOf(now) + 1) % names.length]);
      atlas.scheme(now);
      button.textContent = `Colours: ${now}`;
    });
    return button;
  };
  atlas.colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // One pop-up, beside what the pointer or the cursor is at.
  let pop = null;
  atlas.hide = () => pop && (pop.hidden = true);
  atlas.show = (box, ...lines) => {
    if (!pop) document.body.append((pop = atlas.h("div", { id: "pop", role: "status" })));
    pop.replaceChildren(...lines.filter(Boolean).map((line) => atlas.h("div", {}, line)));
    pop.hidden = false;
    const left = Math.min(Math.max(8, box.left), innerWidth - pop.offsetWidth - 8);
    const above = box.top - pop.offsetHeight - 6;
    pop.style.left = `${left}px`;
    pop.style.top = `${above < 8 ? box.bottom + 6 : above}px`;
  };

  atlas.copier = (label, text) => {
    const button = atlas.h("button", { type: "button" }, label);
    button.addEventListener("click", async () => {
      let done = true;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const area = atlas.h("textarea", {}, text);  // pages of a disk may have no clipboard
        document.body.append(area);
        area.select();
        done = document.execCommand("copy");
        area.remove();
      }
      button.textContent = done ? "Copied" : "Not copied: select it by hand";
      setTimeout(() => (button.textContent = label), 1500);
    });
    return button;
  };

  // What the atlas holds; said once, so that the frame knows whether there are texts to go to.
  atlas.manifest = async () => {
    const manifest = await atlas.json("manifest");
    atlas.keeps = (manifest.texts || []).length > 0 && Object.keys(manifest.values || {}).length > 0;
    atlas.kept = (text) => atlas.keeps && manifest.texts.some(([first, last]) => first <= text && text <= last);
    return manifest;
  };

  // The frame of a page: what it is called, and where one can go.
  atlas.frame = (title, ...below) => {
    document.title = title;
    const links = document.documentElement.dataset.alone ? [] : [["index", "All units"], atlas.keeps && ["text", "Texts"]].filter(Boolean);
    const here = document.documentElement.dataset.page;
    const nav = atlas.h("nav", { "aria-label": "Pages" }, atlas.h("ul", {}, links.map(([page, name]) =>
      atlas.h("li", {}, atlas.h("a", { href: `${page}.html`, "aria-current": page === here && "page" }, name))),
      atlas.h("li", {}, atlas.schemes())));
    atlas.place("head").replaceChildren(nav, atlas.h("h1", {}, title), ...below.flat(Infinity).filter(Boolean));
  };
  atlas.fail = (error) => {
    atlas.place("content").replaceChildren(atlas.h("p", { role: "alert" }, error.message));
  };
  atlas.start = (page) => addEventListener("DOMContentLoaded", () => {
    document.querySelector(".skip").addEventListener("click", (event) => {
      event.preventDefault();  // what is behind # is the page's state
      atlas.place("content").focus();
    });
    addEventListener("keydown", (event) => event.key === "Escape" && atlas.hide());
    addEventListener("scroll", atlas.hide, { passive: true });
    page().catch(atlas.fail);
  });
})();

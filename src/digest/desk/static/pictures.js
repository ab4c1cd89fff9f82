// The edition as readers see it: each view a pane, one at a time or side by side.

import { query, words } from "./api.js";
import { byId, count, el, fill } from "./dom.js";
import { faults } from "./faults.js";
import { store, watch } from "./store.js";

const VIEWS = {
  desktop: { label: "Desktop", picture: "desktop", widths: [640, 800, 1200] },
  phone: { label: "Phone", picture: "desktop", widths: [375, 320] },
  dark: { label: "Dark", picture: "dark", widths: [640, 375] },
  "no-images": { label: "Images off", picture: "no-images", widths: [640, 375] },
  text: { label: "Text", words: "render/text" },
  source: { label: "Source", words: "render/source" },
};

const KEPT = "digest-desk-views";
const chosen = remembered();

export function pictures() {
  byId("side-by-side").checked = chosen.side;
  byId("side-by-side").addEventListener("change", (event) => sideBySide(event.target.checked));
  fill(byId("views"), Object.entries(VIEWS).map(([name, { label }]) => el("button",
    { type: "button", id: `view-${name}`, "aria-pressed": "false", on: { click: () => press(name) } }, label)));
  watch((state) => [state.rendered, state.problem, state.edition.key], render);
}

function remembered() {
  const wide = window.innerWidth >= 1280;
  const usual = { side: wide, views: wide ? ["desktop", "phone"] : [window.innerWidth < 600 ? "phone" : "desktop"], widths: {} };
  try {
    const kept = { ...usual, ...JSON.parse(localStorage.getItem(KEPT)) };
    const views = kept.views.filter((name) => name in VIEWS);
    return views.length ? { ...kept, views } : usual;
  } catch {
    return usual;
  }
}

function keep() {
  localStorage.setItem(KEPT, JSON.stringify(chosen));
  render(store.state);
}

function press(name) {
  if (!chosen.side) chosen.views = [name];
  else if (!chosen.views.includes(name)) chosen.views = Object.keys(VIEWS).filter((one) => one === name || chosen.views.includes(one));
  else if (chosen.views.length > 1) chosen.views = chosen.views.filter((one) => one !== name);
  keep();
}

function sideBySide(on) {
  chosen.side = on;
  if (!on) chosen.views = chosen.views.slice(0, 1);
  else if (chosen.views.length < 2) chosen.views = [...new Set([...chosen.views, "phone", "desktop"])].slice(0, 2);
  keep();
}

function render(state) {
  for (const name of Object.keys(VIEWS)) byId(`view-${name}`).setAttribute("aria-pressed", String(chosen.views.includes(name)));
  const key = state.edition.key;
  byId("eml").hidden = !state.rendered;
  byId("eml").href = `render/message.eml?${query({ key })}`;
  const panes = byId("panes");
  if (!state.rendered) {
    fill(panes, faults(state.problem));
    return;
  }
  for (const pane of [...panes.children]) if (!chosen.views.includes(pane.dataset.view)) pane.remove();
  chosen.views.forEach((name, place) => {
    let pane = panes.querySelector(`[data-view="${name}"]`);
    if (!pane) {
      pane = paneOf(name);
      panes.insertBefore(pane, panes.children[place] ?? null);
    }
    refresh(pane, name, state);
  });
}

function paneOf(name) {
  const { label, widths } = VIEWS[name];
  const frame = el("div", { class: widths ? "frame" : "frame wordy" });
  const pane = el("section", { class: `pane ${name}`, "data-view": name, "aria-labelledby": `pane-${name}` },
    el("div", { class: "pane-line" },
      el("h3", { id: `pane-${name}` }, label),
      widths ? widthChoice(name, widths) : null,
      el("span", { class: "about" })),
    frame);
  if (widths) new ResizeObserver(() => fit(pane, name)).observe(frame);
  return pane;
}

function widthChoice(name, widths) {
  const select = el("select", { id: `width-${name}`, "aria-label": `Width of ${VIEWS[name].label}`, on: { change: (event) => widen(name, Number(event.target.value)) } },
    widths.map((width) => el("option", { value: String(width) }, `${width} px`)));
  select.value = String(widthOf(name));
  return select;
}

const widthOf = (name) => (VIEWS[name].widths.includes(chosen.widths[name]) ? chosen.widths[name] : VIEWS[name].widths[0]);

function widen(name, width) {
  chosen.widths[name] = width;
  keep();
}

function refresh(pane, name, { rendered, edition }) {
  const view = VIEWS[name];
  const stamp = `${edition.key} ${view.words === "render/text" ? rendered.sha256.text : rendered.sha256.html}`;
  if (pane.dataset.stamp !== stamp) {
    pane.dataset.stamp = stamp;
    if (view.picture) swap(pane, name, `render/${view.picture}.html?${query({ key: edition.key, v: rendered.sha256.html.slice(0, 12) })}`);
    else read(pane, view, edition.key, stamp);
  }
  if (view.picture) fit(pane, name);
  else pane.querySelector(".about").textContent = count(name === "text" ? rendered.text_bytes : rendered.html_bytes, "byte");
}

// The new picture is made behind the old one and takes its place, its scrolled height and its focus.
function swap(pane, name, address) {
  const frame = pane.querySelector(".frame");
  for (const waiting of frame.querySelectorAll(".coming")) waiting.remove();
  const old = frame.querySelector("iframe");
  const next = el("iframe", {
    class: "coming", src: address, title: `The edition: ${VIEWS[name].label.toLowerCase()}`,
    sandbox: "allow-same-origin allow-popups allow-popups-to-escape-sandbox", referrerpolicy: "no-referrer",
  });
  next.addEventListener("load", () => {
    const at = old?.contentWindow?.scrollY ?? 0;
    const focused = document.activeElement === old;
    next.contentWindow?.scrollTo(0, at);
    next.classList.remove("coming");
    old?.remove();
    if (focused) next.focus();
  }, { once: true });
  frame.append(next);
  fit(pane, name);
}

// A pane narrower than its view shows it smaller, not cut.
function fit(pane, name) {
  const frame = pane.querySelector(".frame");
  const width = widthOf(name);
  const scale = Math.min(1, frame.clientWidth / width) || 1;
  frame.style.setProperty("--width", `${width}px`);
  frame.style.setProperty("--scale", String(scale));
  pane.style.setProperty("--most", `${width + 2}px`);
  pane.querySelector(".about").textContent = scale < 0.995 ? `shown at ${Math.round(scale * 100)} %` : "";
}

async function read(pane, view, key, stamp) {
  const frame = pane.querySelector(".frame");
  try {
    const told = await words(view.words, { key });
    if (pane.dataset.stamp !== stamp) return;
    fill(frame, el("pre", { id: `words-of-${pane.dataset.view}`, tabindex: "0", role: "group", "aria-label": view.label }, told));
  } catch (error) {
    pane.dataset.stamp = "";
    fill(frame, el("p", { class: "wrong" }, error.message));
  }
}

// What is in the edition and what is not: move, pin, leave out, pull in.

import { act } from "./acts.js";
import { ask } from "./asking.js";
import { byId, count, el, fill, speak } from "./dom.js";
import { draggable } from "./dragging.js";
import { moved, pinnedPart } from "./ordering.js";
import { again, isDraft, store, watch } from "./store.js";

const part = (state) => [state.edition.items, state.edition.left_out, state.edition.status, state.edition.reason];

let wanted = null; // the order as the editor has it, while the server does not know it yet
let dragging = false;

export function contents() {
  watch(part, render);
  const list = byId("items");
  list.addEventListener("pointerdown", (event) => { dragging = Boolean(event.target.closest(".handle")); });
  list.addEventListener("dropped", () => { dragging = false; render(store.state); });
}

function render(state) {
  if (dragging) return;
  const { items, left_out: out } = state.edition;
  const shown = wanted ? wanted.map((slug) => items.find((item) => item.comparison === slug)).filter(Boolean) : items;
  const title = byId("contents-title");
  title.textContent = `Contents: ${count(items.length, "comparison")}`;
  byId("contents-hint").hidden = !isDraft(state) || items.length < 2;
  const nothing = el("li", { class: "nothing" }, state.edition.reason || "Nothing is in it.");
  fill(byId("items"), shown.length ? shown.map((item, place) => row(state, item, place, shown.length)) : nothing, title);
  const none = el("li", { class: "nothing" }, "Nothing is left out.");
  byId("left-out-title").textContent = out.length ? `Left out: ${out.length}` : "Left out";
  fill(byId("left-out"), out.length ? out.map((item) => outRow(state, item)) : none, byId("left-out-title"));
}

function row(state, item, place, total) {
  const { comparison: slug, title, reason, decided } = item;
  const free = isDraft(state);
  const handle = el("button", { class: "handle", type: "button", tabindex: "-1", "aria-hidden": "true", disabled: !free, title: "Drag to move" }, "⠿");
  const acts = free ? el("div", { class: "row-acts" },
    button(`up-${slug}`, "↑", `Move up: ${title}`, () => move(slug, -1), place === 0),
    button(`down-${slug}`, "↓", `Move down: ${title}`, () => move(slug, 1), place === total - 1),
    decided === "pin"
      ? button(`pin-${slug}`, "Unpin", `Unpin: ${title}`, () => undo(slug, title))
      : button(`pin-${slug}`, "Pin", `Pin: ${title}`, () => pin(slug, title)),
    button(`out-${slug}`, "Leave out", `Leave out: ${title}`, () => leaveOut(slug, title)),
  ) : null;
  const node = el("li", { "data-slug": slug, class: decided === "pin" ? "pinned" : null },
    free ? handle : null,
    el("p", { class: "row-title" }, title),
    el("div", { class: "row-line" }, el("p", { class: "row-why" }, reason), acts));
  if (free) {
    node.addEventListener("keydown", (event) => byKey(event, slug));
    draggable(handle, node, byId("items"), (to) => moveTo(slug, to));
  }
  return node;
}

function outRow(state, item) {
  const { comparison: slug, title, reason, decided, final } = item;
  const acts = !isDraft(state) || final ? null : el("div", { class: "row-acts" },
    button(`pull-${slug}`, "Pull in", `Pull in: ${title}`, () => pin(slug, title)),
    decided ? button(`forget-${slug}`, "Undo", `Undo the decision about ${title}`, () => undo(slug, title)) : null);
  return el("li", { "data-slug": slug },
    el("p", { class: "row-title" }, title),
    el("div", { class: "row-line" }, el("p", { class: "row-why" }, reason), acts));
}

function button(id, words, label, click, off = false) {
  // Not `disabled`: a row moved to the end would drop the keyboard's focus.
  return el("button", {
    id, type: "button", class: "small", "aria-label": label, "aria-disabled": off ? "true" : null,
    on: { click: () => { if (!off) click(); } },
  }, words);
}

function byKey(event, slug) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!event.altKey || !step) return;
  event.preventDefault();
  move(slug, step);
}

const order = () => wanted ?? store.state.edition.items.map((item) => item.comparison);

const move = (slug, step) => moveTo(slug, order().indexOf(slug) + step);

function moveTo(slug, to) {
  const before = order();
  const next = moved(before, slug, to);
  if (next.join() === before.join()) return;
  const first = wanted === null;
  wanted = next;
  again(part);
  const title = store.state.edition.items.find((item) => item.comparison === slug)?.title ?? slug;
  speak(`${title}: now ${next.indexOf(slug) + 1} of ${next.length}`);
  if (first) settle();
}

// Tells the server the order; moves made meanwhile go with the next telling.
async function settle() {
  while (wanted) {
    const telling = wanted;
    const done = await act("api/edit", (state) => ({ order: pinnedPart(telling, state.edition.items) }));
    if (!done || wanted === telling) wanted = null;
  }
  again(part);
}

const pin = (slug, title) => act("api/edit", { pin: slug }, `${title} is pinned`);

const undo = (slug, title) => act("api/edit", { undo: slug }, `${title} is no longer decided about`);

async function leaveOut(slug, title) {
  const seen = store.state.edition.version;
  const reason = await ask({
    title: `Leave out “${title}”?`,
    sentences: ["It stays out of this edition and may be in the next."],
    yes: "Leave it out",
    reason: { label: "Why?", hint: "The reason is kept beside it, for everybody who looks." },
  });
  if (reason !== null) await act("api/edit", { leave_out: slug, reason, seen }, `${title} is left out`);
}

// Whose quotes are heard, tool by tool.

import { act } from "./acts.js";
import { byId, count, el, fill } from "./dom.js";
import { isDraft, store, watch } from "./store.js";

const open = new Set();

export function voices() {
  watch((state) => [state.tools, state.edition.status], render);
}

function render(state) {
  const told = state.tools.filter((tool) => tool.voices.length);
  const none = el("p", { class: "nothing" }, "No tool in this edition has quotes.");
  fill(byId("speakers"), told.length ? told.map((tool) => speaker(tool, isDraft(state))) : none);
}

function speaker(tool, free) {
  const heard = tool.voices.filter((voice) => voice.heard);
  const details = el("details", { open: open.has(tool.slug) },
    el("summary", { id: `tool-${tool.slug}` }, el("span", { class: "tool-name" }, tool.name),
      el("span", { class: "row-why" }, ` ${heard.length} of ${count(tool.voices.length, "quote")}${tool.chosen ? ", your choice" : ""}`)),
    el("fieldset", { disabled: !free }, el("legend", { class: "unseen" }, `Quotes about ${tool.name}`),
      tool.voices.map((voice) => choice(tool, voice, heard)),
      tool.chosen && free
        ? el("button", { type: "button", class: "small", id: `usual-${tool.slug}`, on: { click: () => choose(tool, []) } }, "Back to the usual two")
        : null));
  details.addEventListener("toggle", () => (details.open ? open.add(tool.slug) : open.delete(tool.slug)));
  return details;
}

function choice(tool, voice, heard) {
  const id = `voice-${tool.slug}-${voice.number}`;
  const full = !voice.heard && heard.length >= tool.most;
  const said = { ship: "Ship", skip: "Skip" }[voice.verdict];
  const by = [voice.reviewer, said].filter(Boolean).join(", ");
  return el("div", { class: "choice" },
    el("input", { type: "checkbox", id, checked: voice.heard, disabled: full, on: { change: (event) => toggle(tool, voice, heard, event.target.checked) } }),
    el("label", { for: id }, el("span", {}, voice.text), by ? el("span", { class: "row-why" }, ` ${by}`) : null));
}

function toggle(tool, voice, heard, on) {
  const numbers = heard.map((one) => one.number).filter((number) => number !== voice.number);
  choose(tool, on ? [...numbers, voice.number].sort((a, b) => a - b) : numbers);
}

async function choose(tool, numbers) {
  const said = numbers.length ? `${count(numbers.length, "quote")} of ${tool.name} heard` : `${tool.name}: the usual two quotes`;
  const done = await act("api/edit", { voices: { tool: tool.slug, numbers } }, said);
  if (!done) render(store.state); // a box that was ticked in vain goes back
}

// Subject, preheader and intro: saved after a short pause, never overwritten while somebody types in them.

import { act } from "./acts.js";
import { byId, count, el, fill } from "./dom.js";
import { isDraft, store, watch } from "./store.js";

const PAUSE = 900;

const FIELDS = [
  { name: "subject", label: "Subject", of: (edition) => edition.own.subject ?? "", written: (edition) => edition.subject },
  { name: "preheader", label: "Preheader", of: (edition) => edition.own.preheader ?? "", written: (edition) => edition.preheader },
  { name: "intro", label: "Intro", tall: true, of: (edition) => edition.intro, hint: "Markdown: **bold**, _italic_, [words](https://…), lists with -." },
];

const known = {}; // what the server had when the editor last agreed with it
let sending = {}; // what is on its way there
let timer = null;
let held = false; // after somebody else's change, until the editor decides

export function words() {
  fill(byId("words-form"), [
    ...FIELDS.map(field),
    el("div", { class: "save-line" },
      el("button", { type: "submit", id: "save-words" }, "Save words"),
      el("p", { id: "saved", role: "status" })),
  ]);
  byId("words-form").addEventListener("submit", (event) => { event.preventDefault(); held = false; save(); });
  window.addEventListener("beforeunload", (event) => { if (isDraft(store.state) && unsaved()) event.preventDefault(); });
  watch((state) => [state.edition.own, state.edition.intro, state.edition.subject, state.edition.preheader,
    state.edition.status, state.edition.key], render);
}

function field({ name, label, hint, tall }) {
  const input = el(tall ? "textarea" : "input", {
    id: `word-${name}`, name, autocomplete: "off", spellcheck: "true", rows: tall ? "6" : null,
    "aria-describedby": `about-${name} count-${name}`, on: { input: () => changed(name) },
  });
  return el("div", { class: "field" },
    el("div", { class: "label-line" },
      el("label", { for: `word-${name}` }, label), el("span", { id: `count-${name}`, class: "counted" })),
    input,
    el("p", { id: `about-${name}`, class: "hint" }, hint ?? ""),
    el("div", { id: `clash-${name}` }));
}

const input = (name) => byId(`word-${name}`);

const typed = () => FIELDS.map((one) => one.name).filter((name) => input(name).value !== known[name]?.value);

function render(state) {
  const { edition } = state;
  for (const one of FIELDS) {
    const told = one.of(edition);
    const mine = known[one.name];
    if (!mine || mine.key !== edition.key || input(one.name).value === mine.value || input(one.name).value === told) {
      accept(one, told, edition.key);
    } else if (told === sending[one.name]) known[one.name] = { value: told, key: edition.key };
    else if (told !== mine.value) clash(one, told, edition.key);
    input(one.name).readOnly = !isDraft(state);
    input(one.name).maxLength = one.tall ? state.longest.text : state.longest.line;
    about(one, edition);
    measure(one);
  }
  byId("save-words").hidden = !isDraft(state);
  if (typed().length) status("Not saved yet");
  else if (byId("saved").textContent !== "Saved") status("");
}

function accept({ name }, told, key) {
  known[name] = { value: told, key };
  if (input(name).value !== told) input(name).value = told;
  byId(`clash-${name}`).replaceChildren();
}

// Somebody else wrote into the field the editor is writing in: both stay until the editor decides.
function clash(one, told, key) {
  held = true;
  clearTimeout(timer);
  fill(byId(`clash-${one.name}`), el("div", { class: "clash", role: "alert" },
    el("p", {}, "Somebody else wrote here meanwhile: ", el("q", {}, told || "(nothing)")),
    el("div", { class: "row-acts" },
      el("button", { type: "button", class: "small", id: `mine-${one.name}`, on: { click: () => decide(one, { value: told, key }) } }, "Keep mine"),
      el("button", { type: "button", class: "small", id: `theirs-${one.name}`, on: { click: () => { accept(one, told, key); decide(one, known[one.name]); } } }, "Take theirs"))));
}

function decide(one, agreed) {
  known[one.name] = agreed;
  byId(`clash-${one.name}`).replaceChildren();
  held = Boolean(document.querySelector(".clash"));
  measure(one);
  input(one.name).focus();
  if (!held) save();
}

function changed(name) {
  measure(FIELDS.find((one) => one.name === name));
  status("Not saved yet");
  clearTimeout(timer);
  if (!held) timer = setTimeout(save, PAUSE);
}

async function save() {
  clearTimeout(timer);
  const names = typed();
  if (!names.length || held || !isDraft(store.state)) {
    status(names.length ? "Not saved: look at the note above" : "Saved");
    return;
  }
  status("Saving …");
  sending = Object.fromEntries(names.map((name) => [name, input(name).value]));
  const done = await act("api/edit", { words: sending });
  sending = {};
  if (!done) {
    held = true; // saving goes on when the editor says so
    status("Not saved. Your words are still here; press Save words to try again.");
  } else if (!typed().length) status("Saved");
}

// Whether words were typed that the server does not have.
export const unsaved = () => typed().length > 0;

// Saves what is typed before the page turns to something else; whether nothing stays behind.
export async function settled() {
  await save();
  return !unsaved();
}

function about(one, edition) {
  const place = byId(`about-${one.name}`);
  if (one.hint) return;
  const own = one.of(edition);
  if (own || !isDraft(store.state)) place.textContent = own ? "Empty it to go back to the one written from the facts." : one.written(edition);
  else {
    fill(place, [
      el("span", {}, "Written from the facts: ", el("q", {}, one.written(edition)), " "),
      el("button", { type: "button", class: "link", id: `start-${one.name}`, "aria-label": `Start from the written ${one.name}`, on: { click: () => start(one) } }, "Start from it"),
    ], input(one.name));
  }
}

function start(one) {
  input(one.name).value = one.written(store.state.edition);
  input(one.name).focus();
  changed(one.name);
}

function measure({ name }) {
  const room = store.state.inbox.phone[name];
  const length = [...input(name).value].length;
  const over = room && length > room ? `; phones show about ${room}` : "";
  byId(`count-${name}`).textContent = `${count(length, "character")}${over}`;
}

function status(said) {
  byId("saved").textContent = said;
}

// A template that is broken: what, where, and the lines around it.

import { el } from "./dom.js";

export function faults(problem) {
  if (problem.kind === "empty") {
    return el("div", { class: "empty" }, el("p", { class: "empty-title" }, "There is nothing to show"), el("p", {}, problem.message),
      el("p", { class: "hint" }, "Pull a comparison in, import new ones, or skip this week."));
  }
  const places = problem.places.length ? problem.places.map(place) : el("p", { class: "fault-message" }, problem.message);
  return el("div", { class: "fault", role: "alert" },
    el("p", { class: "empty-title" }, "A template is broken"), places,
    el("p", { class: "hint" }, "Mend it and save: this page follows. Nobody can approve the edition until then."));
}

function place({ file, line, message, source }) {
  return el("div", { class: "fault-place" },
    el("p", { class: "fault-message" }, message),
    el("p", { class: "row-why" }, el("code", {}, file), `, line ${line}`),
    source.length ? el("pre", { tabindex: "0", role: "group", "aria-label": `${file} around line ${line}` }, source.map((one) => lineOf(one))) : null);
}

function lineOf({ number, text, here }) {
  return el("span", { class: here ? "line here" : "line" },
    el("span", { class: "number" }, `${here ? "▸ " : "  "}${String(number).padStart(4)}  `), el("span", {}, `${text}\n`));
}

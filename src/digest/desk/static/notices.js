// What must not be missed: one note for each kind of thing, until it is dealt with or put away.

import { byId, el } from "./dom.js";

export function notice(kind, title, sentence, { level = "warning", keep = false } = {}) {
  if (standing(kind)?.querySelector("p").textContent === sentence) return; // said once is enough
  withdraw(kind);
  const close = keep ? null : el("button", { class: "small", on: { click: () => withdraw(kind) } }, "Put away");
  byId("notices").append(
    el("div", { class: `notice ${level}`, "data-kind": kind, role: level === "note" ? "status" : "alert" },
      el("div", {}, el("strong", {}, title), el("p", {}, sentence)), close),
  );
}

export function withdraw(kind) {
  standing(kind)?.remove();
}

export const stands = (kind) => standing(kind) !== null;

const standing = (kind) => byId("notices").querySelector(`[data-kind="${kind}"]`);

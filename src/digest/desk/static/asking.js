// A plain question before an act that is not undone by a click: a native dialog, so that keys and focus behave.

import { byId, el, fill } from "./dom.js";
import { store } from "./store.js";

// Resolves to null where the editor backs out, else to the reason typed ("" where none was asked for).
export function ask({ title, sentences, yes, danger = false, reason = null }) {
  const dialog = byId("asking");
  byId("asking-title").textContent = title;
  byId("asking-yes").textContent = yes;
  byId("asking-yes").className = danger ? "danger" : "primary";
  fill(byId("asking-body"), [...sentences.map((one) => el("p", {}, one)), ...(reason ? field(reason) : [])]);
  return new Promise((answer) => {
    const finish = (value) => {
      control.abort();
      if (dialog.open) dialog.close();
      answer(value);
    };
    const control = new AbortController();
    const options = { signal: control.signal };
    byId("asking-no").addEventListener("click", () => finish(null), options);
    dialog.addEventListener("cancel", () => finish(null), options);
    byId("asking-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const given = typed();
      if (reason && !given) complain();
      else finish(given);
    }, options);
    dialog.showModal();
    (byId("asking-reason") ?? byId("asking-yes")).focus();
  });
}

const typed = () => byId("asking-reason")?.value.trim() ?? "";

function field({ label, hint }) {
  return [
    el("label", { for: "asking-reason" }, label),
    el("input", { id: "asking-reason", maxlength: String(store.state.longest.line), autocomplete: "off", "aria-describedby": "asking-hint" }),
    el("p", { id: "asking-hint", class: "hint" }, hint),
  ];
}

function complain() {
  byId("asking-reason").setAttribute("aria-invalid", "true");
  byId("asking-hint").textContent = "A few words are needed: they are kept beside it.";
  byId("asking-hint").className = "wrong";
  byId("asking-reason").focus();
}

// What the checks say of the edition as it stands.

import { get, Refusal } from "./api.js";
import { sentence } from "./acts.js";
import { byId, count, el, fill, speak } from "./dom.js";
import { store, watch } from "./store.js";

const PAUSE = 700;
const LEVELS = [["error", "Error"], ["warning", "Warning"], ["note", "Note"], ["ok", "In order"]];

let report = null;
let asked = 0;
let timer = null;

export function checks() {
  watch((state) => [state.rendered?.sha256, state.edition.key], (state) => {
    clearTimeout(timer);
    report = null;
    if (state.rendered) timer = setTimeout(() => run(false), PAUSE);
    asked += 1;
    render(state.rendered ? "Checking …" : "There is nothing to check yet.");
  });
}

export function verdictInWords() {
  if (!report) return "The checks are not through yet.";
  const [errors, warnings] = ["error", "warning"].map((level) => of(level).length);
  if (!errors && !warnings) return "The checks found nothing wrong.";
  return `The checks found ${[errors && count(errors, "error"), warnings && count(warnings, "warning")].filter(Boolean).join(" and ")}.`;
}

async function run(online) {
  asked += 1;
  const mine = asked;
  render(online ? "Asking every link …" : "Checking …");
  let trouble = "";
  try {
    const found = await get("api/checks", { key: store.state.edition.key, online: online ? 1 : 0 });
    if (mine !== asked) return;
    report = found;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    trouble = error.message;
  }
  if (mine !== asked) return;
  render(trouble && sentence(trouble));
  speak(trouble ? sentence(trouble) : verdictInWords(), "spoken-verdict");
}

const of = (level) => report?.findings.filter((finding) => finding.level === level) ?? [];

function render(said = "") {
  const bad = LEVELS.slice(0, 3).flatMap(([level, word]) => of(level).map((one) => finding(one, level, word)));
  const good = of("ok");
  fill(byId("findings"), [
    said ? el("p", { class: "hint" }, said) : null,
    report && !said ? el("p", { class: "hint" }, verdictInWords()) : null,
    bad.length ? el("ul", { class: "findings" }, bad) : null,
    good.length ? el("details", {}, el("summary", { id: "in-order" }, `${good.length} in order`),
      el("ul", { class: "findings" }, good.map((one) => finding(one, "ok", "In order")))) : null,
    report && !said ? links() : null,
  ], byId("checks-title"));
  verdict(said);
}

function finding({ check, message, detail }, level, word) {
  const lines = [detail ?? []].flat();
  return el("li", {}, el("p", {}, el("strong", { class: `level ${level}` }, word), ` ${message}`, el("span", { class: "row-why" }, ` ${check}`)),
    lines.length ? el("details", {}, el("summary", {}, count(lines.length, "detail")), el("ul", {}, lines.map((line) => el("li", {}, line)))) : null);
}

function links() {
  if (store.state.offline) return el("p", { class: "hint" }, "Links are not asked whether they answer: the desk was opened with --offline.");
  const word = report.offline ? "Ask every link whether it answers" : "Ask every link again";
  return el("button", { type: "button", class: "small", id: "ask-links", on: { click: () => run(true) } }, word);
}

function verdict(said) {
  const place = byId("verdict");
  const worst = ["error", "warning"].find((level) => of(level).length) ?? (report ? "ok" : "note");
  place.className = `verdict level ${said && !report ? "note" : worst}`;
  place.textContent = said && !report ? said : verdictInWords();
}

// Which edition this is, where it stands, and the acts that decide about all of it.

import { act, reload } from "./acts.js";
import { ask } from "./asking.js";
import { verdictInWords } from "./checks.js";
import { byId, count, el, fill } from "./dom.js";
import { notice, withdraw } from "./notices.js";
import { store, watch } from "./store.js";
import { settled, unsaved } from "./words.js";

export function masthead() {
  watch((state) => [state.newsletter, state.edition, state.approval, state.timezone, state.overdue, state.rendered?.sha256], render);
  watch((state) => [state.editions, state.edition.key], chooser);
  watch((state) => state.settings_problem, settings);
  byId("editions").addEventListener("change", (event) => choose(event.target.value));
}

function render(state) {
  const { edition } = state;
  byId("newsletter").textContent = state.newsletter;
  byId("week").textContent = week(edition.key);
  document.title = `${edition.key}: ${edition.subject || edition.status} – the editors’ desk`;
  fill(byId("standing"), [el("strong", { class: `status ${edition.status}` }, stands(edition)), ` ${onward(state)}`]);
  fill(byId("acts"), acts(state), byId("week"));
}

const week = (key) => key.replace(/^(\d+)-W0?(\d+)$/, "Week $2, $1");

const stands = ({ status, version }) => (status === "draft" && version === 0 ? "Not planned yet" : status.replace(/^./, (first) => first.toUpperCase()));

function onward({ edition, approval, timezone, overdue }) {
  const slot = moment(edition.slot, timezone);
  if (edition.status === "draft") {
    if (overdue) return `It has been due since ${slot}${approval === "automatic" ? "; the next run sends it" : " and waits for an approval"}.`;
    return approval === "automatic" ? `It goes out ${slot}, approved or not.` : `It is due ${slot} and waits for an approval.`;
  }
  if (edition.status === "approved") return `by ${edition.approved_by}. It goes out ${overdue ? "with the next run" : slot}, exactly as it stands here.`;
  if (edition.status === "sent") return edition.finished_at ? moment(edition.finished_at, timezone) : "";
  return edition.reason ? `– ${edition.reason}` : "";
}

function moment(text, timeZone) {
  if (!text) return "";
  const format = { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZone };
  return `${new Date(text).toLocaleString("en-GB", format)} (${timeZone})`;
}

function acts(state) {
  const { status } = state.edition;
  if (status === "draft") {
    return [
      el("button", { type: "button", id: "approve", class: "primary", disabled: !state.rendered, on: { click: approve } }, "Approve …"),
      el("button", { type: "button", id: "skip", on: { click: skip } }, "Skip this week …"),
      el("button", { type: "button", id: "plan", on: { click: plan } }, "Look for new comparisons"),
    ];
  }
  if (status === "approved") return el("button", { type: "button", id: "withdraw", on: { click: withdrawApproval } }, "Withdraw approval …");
  if (status === "skipped") return el("button", { type: "button", id: "plan", on: { click: plan } }, "Take it up again");
  return [];
}

// What the editor was shown is named when the question is put: whatever changes while it stands is not approved.
async function approve() {
  const { edition, rendered, timezone, overdue } = store.state;
  const yes = await ask({
    title: `Approve ${week(edition.key)}?`,
    sentences: [
      `“${rendered.subject}”, ${count(edition.items.length, "comparison")}. From now on its bytes do not change, and it goes out ${overdue ? "with the next run" : moment(edition.slot, timezone)}.`,
      verdictInWords(),
      ...(unsaved() ? ["Words you typed are not saved yet and would not be in it."] : []),
    ],
    yes: "Approve it",
  });
  if (yes !== null) await act("api/approve", { seen: edition.version, sha256: rendered.sha256 }, "The edition is approved");
}

async function withdrawApproval() {
  const { edition } = store.state;
  const yes = await ask({
    title: "Withdraw the approval?",
    sentences: ["It becomes a draft again and can be changed; it needs a new approval."],
    yes: "Withdraw it",
  });
  if (yes !== null) await act("api/withdraw", { seen: edition.version }, "The approval is withdrawn");
}

async function skip() {
  const { edition } = store.state;
  const reason = await ask({
    title: `Send nothing in ${week(edition.key).replace(/^W/, "w")}?`,
    sentences: ["What is in it waits for the next edition. You can take it up again."],
    yes: "Skip this week",
    danger: true,
    reason: { label: "Why?", hint: "The reason is kept with the edition." },
  });
  if (reason !== null) await act("api/skip", { seen: edition.version, reason }, "The week is skipped");
}

const plan = () => act("api/plan", {}, "Planned anew");

function chooser(state) {
  const options = state.editions.map(({ key, status, subject }) => el("option", { value: key },
    [key, status, subject].filter(Boolean).join(" · ")));
  byId("editions").replaceChildren(...options);
  byId("editions").value = state.edition.key;
}

async function choose(key) {
  if (!await settled()) {
    byId("editions").value = store.state.edition.key;
    notice("refused", "You have words that are not saved", "Save them, or take them back, before you turn to another edition.");
    return;
  }
  store.key = key;
  history.replaceState(null, "", `?key=${encodeURIComponent(key)}`);
  withdraw("news");
  await reload();
}

function settings(state) {
  if (!state.settings_problem) withdraw("settings");
  else notice("settings", "The settings cannot be read; the last good ones stay", state.settings_problem, { keep: true });
}

// Follows templates, settings and data: the server says that something changed, and the page asks for it.

import { busy, reload } from "./acts.js";
import { differences } from "./differences.js";
import { notice, stands, withdraw } from "./notices.js";
import { store } from "./store.js";

let latest = null;
let following = false;

export function listen() {
  let events = open();
  // A browser keeps six connections to a host: tabs that nobody looks at give theirs back.
  document.addEventListener("visibilitychange", () => {
    events.close();
    if (!document.hidden) events = open();
  });
}

function open() {
  const events = new EventSource("api/events");
  events.addEventListener("changed", async (event) => {
    withdraw("away");
    latest = event.data;
    if (stands("gone")) await reload();
    follow();
  });
  events.addEventListener("error", () => {
    notice("away", "The desk does not answer",
      "The preview no longer follows. Is `digest preview` still running in its terminal?", { keep: true });
  });
  return events;
}

async function follow() {
  if (following) return;
  following = true;
  while (latest !== store.state.signature) {
    if (busy()) await new Promise((done) => { setTimeout(done, 150); });
    else if (!await catchUp()) break;
  }
  following = false;
}

// Whether asking again may help.
async function catchUp() {
  const before = store.state;
  const wanted = latest;
  await reload();
  tell(before, store.state);
  if (store.state === before) return false;
  if (latest === wanted) latest = store.state.signature;
  return true;
}

function tell(before, after) {
  const changed = before.edition.key === after.edition.key && !busy() ? differences(before, after) : [];
  if (changed.length) {
    notice("news", "This edition has just changed", `${changed.join("; ")}.`.replace(/^./, (first) => first.toUpperCase()),
      { level: "note" });
  }
}

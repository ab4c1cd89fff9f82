// Does what the editor asks, one act after the other, each on top of the state that the one before left.

import { get, post, Refusal } from "./api.js";
import { differences } from "./differences.js";
import { speak } from "./dom.js";
import { notice, withdraw } from "./notices.js";
import { show, store } from "./store.js";

let tail = Promise.resolve();
let waiting = 0;

export const busy = () => waiting > 0;

// Posts to `path`; `fields` may be a function of the state at the moment when it is this act's turn.
// Resolves to true where it was done; tells the editor and resolves to false where not.
export function act(path, fields, said) {
  waiting += 1;
  const job = tail.then(() => attempt(path, fields, said)).finally(() => { waiting -= 1; });
  tail = job;
  return job;
}

async function attempt(path, fields, said) {
  const { edition } = store.state;
  const asked = typeof fields === "function" ? fields(store.state) : fields;
  if (asked === null) return true;
  try {
    show(await post(path, { key: edition.key, seen: edition.version, ...asked }));
    for (const kind of ["stale", "refused"]) withdraw(kind);
    if (said) speak(said);
    return true;
  } catch (error) {
    await explain(error);
    return false;
  }
}

async function explain(error) {
  if (!(error instanceof Refusal)) throw error;
  if (error.kind !== "stale") {
    notice("refused", "That did not work", sentence(error.message));
    return;
  }
  const before = store.state;
  await reload();
  const changed = differences(before, store.state);
  notice("stale", "Somebody else changed this edition",
    `So nothing of yours was done. ${changed.length ? `Changed: ${changed.join("; ")}. ` : ""}`
    + "What you see now is the latest, and the words you typed are still in their fields. "
    + "Look at what changed, then repeat what you meant to do.");
}

export async function reload() {
  try {
    show(await get("api/edition", { key: store.key }));
    withdraw("gone");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    notice("gone", "This page cannot be brought up to date", sentence(error.message), { keep: true });
  }
}

export function sentence(message) {
  const words = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?…]$/.test(words) ? words : `${words}.`;
}

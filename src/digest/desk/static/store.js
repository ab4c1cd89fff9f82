// The edition as the server last told it, and everybody who shows a part of it.

const watchers = [];

export const store = { state: null, key: new URLSearchParams(location.search).get("key") };

// Calls `render(state)` whenever what `part(state)` picks has changed.
export function watch(part, render) {
  watchers.push({ part, render, last: undefined });
}

export function show(state) {
  store.state = state;
  store.key = state.edition.key;
  for (const watcher of watchers) {
    const now = JSON.stringify(watcher.part(state));
    if (now === watcher.last) continue;
    watcher.last = now;
    watcher.render(state);
  }
}

// Shows everything again from the state there is, as after an optimistic move that did not work out.
export function again(part) {
  for (const watcher of watchers) if (watcher.part === part) watcher.last = undefined;
  show(store.state);
}

export const isDraft = (state) => state.edition.status === "draft";

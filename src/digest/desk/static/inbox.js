// The edition in the list of mails of three programs.

import { byId, el, fill } from "./dom.js";
import { watch } from "./store.js";

export function inbox() {
  watch((state) => state.inbox, ({ inbox: { sender, rows } }) => {
    fill(byId("inbox"), rows.map((row) => el("li", { class: row.together ? "together" : null },
      el("p", { class: "client" }, row.client),
      el("div", { class: "mail" },
        el("p", { class: "from" }, sender),
        el("p", { class: "subject" }, cut(row.subject, row.subject_rest)),
        el("p", { class: "preheader" }, row.together && row.preheader ? "– " : "", cut(row.preheader, row.preheader_rest))),
      lost(row))));
  });
}

const cut = (shown, rest) => (rest ? `${shown}…` : shown);

function lost({ subject_rest: rest }) {
  return rest ? el("p", { class: "lost" }, "Subject loses: ", el("q", {}, rest.trim())) : null;
}

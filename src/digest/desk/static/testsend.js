// A test mail to some addresses; nothing of it is recorded.

import { post, Refusal } from "./api.js";
import { sentence } from "./acts.js";
import { byId, el, fill } from "./dom.js";
import { store, watch } from "./store.js";

export function testSend() {
  fill(byId("test-form"), [
    el("div", { class: "field" },
      el("label", { for: "addresses" }, "Addresses"),
      el("input", { id: "addresses", name: "addresses", inputmode: "email", autocomplete: "email", spellcheck: "false", "aria-describedby": "addresses-hint" }),
      el("p", { id: "addresses-hint", class: "hint" })),
    el("button", { type: "submit", id: "send-test" }, "Send a test"),
    el("div", { id: "tried", role: "status" }),
  ]);
  byId("test-form").addEventListener("submit", (event) => { event.preventDefault(); send(); });
  watch((state) => [Boolean(state.rendered), state.most_addresses], (state) => {
    byId("send-test").disabled = !state.rendered;
    byId("addresses-hint").textContent = `Up to ${state.most_addresses}, with commas between them. They get the edition as it stands, with sample links; nothing is recorded.`;
  });
}

async function send() {
  const addresses = byId("addresses").value.split(/[\s,;]+/).filter(Boolean);
  const results = byId("tried");
  fill(results, el("p", {}, "Sending …"));
  byId("send-test").disabled = true;
  try {
    const { tried } = await post("api/test-send", { key: store.state.edition.key, addresses });
    fill(results, el("ul", { class: "tried" }, tried.map(outcome)));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    fill(results, el("p", { class: "wrong" }, sentence(error.message)));
  }
  byId("send-test").disabled = !store.state.rendered;
}

function outcome({ address, sent, reply }) {
  return el("li", {}, el("strong", { class: sent ? "level ok" : "level error" }, sent ? "Sent" : "Refused"), ` ${address}`,
    sent ? null : el("span", { class: "row-why" }, ` ${reply}`));
}

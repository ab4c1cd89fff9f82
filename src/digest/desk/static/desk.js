// Puts the page together, asks for the edition and follows it.

import { reload } from "./acts.js";
import { checks } from "./checks.js";
import { contents } from "./contents.js";
import { byId } from "./dom.js";
import { inbox } from "./inbox.js";
import { listen } from "./live.js";
import { masthead } from "./masthead.js";
import { pictures } from "./pictures.js";
import { store } from "./store.js";
import { testSend } from "./testsend.js";
import { voices } from "./voices.js";
import { words } from "./words.js";

for (const begin of [masthead, inbox, contents, words, voices, checks, testSend, pictures]) begin();

await reload();
if (store.state) {
  byId("main").hidden = false;
  document.documentElement.dataset.ready = "yes";
  listen();
} else byId("week").textContent = "The edition cannot be shown";

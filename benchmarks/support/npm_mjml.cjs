// Compiles MJML with npm's mjml: a line {source, runs} comes in, a line {version, milliseconds, html} goes out.
// Run it in the folder that mjml is installed in.
const { createRequire } = require("node:module");
const { join } = require("node:path");
const { createInterface } = require("node:readline");

const fromHere = createRequire(join(process.cwd(), "package.json"));
const loaded = fromHere("mjml");
const compile = loaded.default ?? loaded;
const { version } = fromHere("mjml/package.json");

async function answer(line) {
  const { source, runs } = JSON.parse(line);
  const milliseconds = [];
  let html = "";
  for (let run = 0; run < runs; run += 1) {
    const start = performance.now();
    ({ html } = await compile(source, { validationLevel: "skip", fonts: {} }));
    milliseconds.push(performance.now() - start);
  }
  return { version, milliseconds, html };
}

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(line)) + "\n");
  }
})();

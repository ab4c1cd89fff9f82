// The desk's own server: JSON in, JSON out, and failures as errors whose message a person can read.

export class Refusal extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

export const get = (path, fields = {}) => ask(`${path}?${query(fields)}`);

export const post = (path, fields) => ask(path, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(fields),
});

export async function words(path, fields) {
  const answer = await reach(`${path}?${query(fields)}`);
  if (!answer.ok) throw await refusal(answer);
  return answer.text();
}

export function query(fields) {
  const known = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return new URLSearchParams(known).toString();
}

async function ask(path, options) {
  const answer = await reach(path, options);
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new Refusal("gone", "The desk does not answer. Is `digest preview` still running in its terminal?");
  }
}

async function refusal(answer) {
  try {
    const told = await answer.json();
    return new Refusal(told.error, told.message);
  } catch {
    return new Refusal("failed", `The desk answered ${answer.status}.`);
  }
}

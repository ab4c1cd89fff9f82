// What somebody else changed, in words: a pure function over two states of one edition.

export function differences(before, after) {
  const [old, now] = [before.edition, after.edition];
  const found = [];
  if (old.status !== now.status) found.push(`it is ${now.status} now`);
  if (old.subject !== now.subject) found.push(`the subject is “${now.subject}”`);
  if (old.preheader !== now.preheader) found.push("the preheader");
  if (old.intro !== now.intro) found.push("the intro");
  found.push(...contents(slugs(old), slugs(now)));
  if (JSON.stringify(old.voices) !== JSON.stringify(now.voices)) found.push("the choice of quotes");
  return found;
}

const slugs = (edition) => edition.items.map((item) => item.comparison);

function contents(old, now) {
  const came = now.filter((slug) => !old.includes(slug));
  const went = old.filter((slug) => !now.includes(slug));
  const stayed = old.filter((slug) => now.includes(slug)).join();
  return [
    ...came.map((slug) => `${slug} came in`),
    ...went.map((slug) => `${slug} went out`),
    ...(stayed === now.filter((slug) => old.includes(slug)).join() ? [] : ["the order"]),
  ];
}

// Orders of comparisons: pure functions.

export function moved(slugs, slug, to) {
  const rest = slugs.filter((one) => one !== slug);
  const place = Math.max(0, Math.min(rest.length, to));
  return [...rest.slice(0, place), slug, ...rest.slice(place)];
}

// The shortest beginning of `wanted` that must be pinned so that planning shows `wanted`: what nobody pinned
// keeps its own order among itself, so a tail of such rows that stands as it stood needs no pin.
export function pinnedPart(wanted, items) {
  const free = items.filter((item) => item.decided !== "pin").map((item) => item.comparison);
  let tail = [];
  for (let start = wanted.length - 1; start >= 0; start -= 1) {
    const longer = wanted.slice(start);
    const asItStood = free.filter((slug) => longer.includes(slug));
    if (asItStood.length !== longer.length || asItStood.join("\n") !== longer.join("\n")) break;
    tail = longer;
  }
  return wanted.slice(0, wanted.length - tail.length);
}

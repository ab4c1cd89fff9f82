// Makes elements out of plain values; text is always text, so nothing an editor or a site wrote becomes markup.

export const byId = (id) => document.getElementById(id);

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (key === "checked" || key === "disabled" || key === "value" || key === "open") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

// Puts new content into a place without taking the keyboard away from whoever works in it: whatever has
// the same id as what was focused is focused again, else `fallback`.
export function fill(place, children, fallback = null) {
  const held = place.contains(document.activeElement) ? document.activeElement.id : null;
  const { scrollTop } = place;
  place.replaceChildren(...[children].flat().filter(Boolean));
  place.scrollTop = scrollTop;
  if (held !== null) {
    const again = held ? byId(held) : null;
    (again && !again.disabled ? again : fallback)?.focus({ preventScroll: true });
  }
}

// Says something to people who use a screen reader; each place says its own, so that none cuts another short.
export function speak(words, where = "spoken") {
  const place = byId(where);
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = words; });
}

export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

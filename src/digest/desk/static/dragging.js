// Dragging a row by its handle, with a mouse, a pen or a finger. The row moves when it is dropped; until
// then a line shows where it would go. Escape lets go of it.

export function draggable(handle, row, list, drop) {
  handle.addEventListener("pointerdown", (start) => {
    if (start.button !== 0 || handle.disabled) return;
    start.preventDefault();
    handle.setPointerCapture(start.pointerId);
    const rows = [...list.children];
    const from = rows.indexOf(row);
    const control = new AbortController();
    let to = from;

    const mark = () => rows.forEach((one, place) => {
      const after = to > from ? place === to : false;
      const before = to < from ? place === to : false;
      one.classList.toggle("drop-before", before);
      one.classList.toggle("drop-after", after);
    });
    const finish = (place) => {
      control.abort();
      row.classList.remove("dragged");
      row.style.removeProperty("translate");
      to = from;
      mark();
      list.dispatchEvent(new CustomEvent("dropped"));
      if (place !== from) drop(place);
    };
    const options = { signal: control.signal };
    row.classList.add("dragged");
    handle.addEventListener("pointermove", (move) => {
      row.style.setProperty("translate", `0 ${move.clientY - start.clientY}px`);
      const middles = rows.map((one) => (one === row ? null : middle(one)));
      const above = middles.filter((y) => y !== null && y < move.clientY).length;
      to = above;
      mark();
    }, options);
    handle.addEventListener("pointerup", () => finish(to), options);
    handle.addEventListener("pointercancel", () => finish(from), options);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") finish(from);
    }, options);
  });
}

function middle(row) {
  const box = row.getBoundingClientRect();
  return box.top + box.height / 2;
}

// Comfort for whoever works by keyboard. It is heard only while the focus is in the list of results, and never in a field
// (WCAG 2.1, 2.1.4); without it every page does the same by links and forms.
(() => {
  "use strict";
  // Asked for each time: HTMX puts another list in its place.
  const hits = () => Array.from(document.getElementById("hits").children);
  const here = () => hits().findIndex((hit) => hit.contains(document.activeElement));
  const go = (place) => {
    const link = hits()[Math.min(Math.max(place, 0), hits().length - 1)].querySelector("h3 a");
    if (link !== null) {
      link.focus();
    }
  };
  const next = () => go(here() + 1);
  const previous = () => go(here() - 1);
  const conversation = () => {
    const hit = hits()[here()];
    const link = hit === undefined ? null : hit.querySelector(".meta a[href^='/threads/']");
    if (link !== null) {
      link.click();
    }
  };
  const words = () => document.getElementById("q").focus();
  const help = () => {
    const keys = document.getElementById("keys");
    keys.open = true;
    keys.querySelector("summary").focus();
  };
  const keys = { j: next, n: next, k: previous, p: previous, c: conversation, "/": words, "?": help };
  document.addEventListener("keydown", (event) => {
    const outside = event.target.closest("#hits") === null;
    const field = event.target.closest("input, select, textarea, [contenteditable]") !== null;
    if (outside || field || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || !Object.hasOwn(keys, event.key)) {
      return;
    }
    event.preventDefault();
    keys[event.key]();
  });
})();

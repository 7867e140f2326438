// What HTMX does on our pages (a search renewed in its place, work under way told of as it goes on) for whoever works by keyboard
// or listens: where the focus goes, what is said aloud, and that what fails is a plain link. Without it, and without HTMX, every
// page does the same by links and forms.
(() => {
  "use strict";
  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");
  document.body.append(said);

  // Of work under way only another state is said ("Done"), not each number on the way.
  const states = new Map();
  const listen = () => {
    const news = [];
    for (const each of document.querySelectorAll("[data-said]")) {
      if (states.has(each.id) && states.get(each.id) !== each.dataset.said) {
        news.push(each.innerText);
      }
      states.set(each.id, each.dataset.said);
    }
    if (news.length > 0) {
      said.textContent = news.join(" ");
    }
  };
  listen();

  const reach = (element) => {
    if (element.tabIndex < 0) {
      element.setAttribute("tabindex", "-1");
    }
    element.focus();
  };
  const isWhole = (event) => event.detail.target.id === "main";
  const plainly = (event) => window.location.assign(event.detail.pathInfo.finalRequestPath);
  // HTMX leaves Ctrl and a click to the browser; with Shift a link opens a window, with Alt it is saved.
  const another = (event) => {
    if (event.shiftKey || event.altKey) {
      event.stopPropagation();
    }
  };
  document.addEventListener("click", another, true);

  let left = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event;
    const isOurs = detail.xhr.responseText.includes(`<html lang="${document.documentElement.lang}">`);
    if (isWhole(event)) {
      if (!isOurs) {
        event.preventDefault();
        plainly(event);
        return;
      }
      detail.shouldSwap = true; // a mistake in a search is a page of ours, too
      detail.isError = false;
    } else if (!isOurs) {
      detail.shouldSwap = false;
    }
    const focus = document.activeElement;
    left = { focus, around: focus.parentElement?.closest("[id]")?.id, isWhole: isWhole(event) };
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (isWhole(event)) {
      plainly(event);
    }
  });
  // What says the same as before stays as it is: a button that is being pressed is not taken away.
  document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    detail.shouldSwap = !detail.target.isEqualNode(detail.fragment.firstElementChild);
  });
  // By now HTMX has put the focus back to what has the same id.
  document.addEventListener("htmx:afterSwap", () => {
    listen();
    if (left === null) {
      return;
    }
    const { focus, around, isWhole: whole } = left;
    left = null;
    const isLost = document.activeElement === document.body;
    if (whole) {
      const heading = document.getElementById("found") ?? document.getElementById("problem") ?? document.getElementById("main");
      if (isLost) {
        reach(heading);
      } else {
        document.activeElement.scrollIntoView({ block: "nearest" });
        said.textContent = heading.innerText;
      }
    } else if (isLost && !focus.isConnected) {
      const there = document.getElementById(around) ?? document.getElementById("main");
      reach(there.querySelector("a, button") ?? there);
    }
  });
})();

// The exchange that was chosen on the wire stays chosen: an update that was asked for before the choice, and comes after
// it, is asked for anew.

interface Swapped extends Event {
  detail: { requestConfig: { elt: Element; path: string }; shouldSwap: boolean };
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event as Swapped;
  const { elt, path } = detail.requestConfig;
  if (elt.classList.contains("wire") && elt.getAttribute("hx-get") !== path) {
    detail.shouldSwap = false;
    document.body.dispatchEvent(new CustomEvent(`phone:${elt.id.replace(/-wire$/, "")}`));
  }
});

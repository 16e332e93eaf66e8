// The exchange that was chosen on the wire stays chosen: an update that was asked for before the choice, and comes after
// it, is asked for anew.
import { freshen } from "../live/fresh";

interface Swapped extends Event {
  detail: { requestConfig: { elt: HTMLElement; path: string }; shouldSwap: boolean };
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event as Swapped;
  const { elt, path } = detail.requestConfig;
  if (elt.classList.contains("wire") && elt.dataset["fresh"] !== path) {
    detail.shouldSwap = false;
    freshen(new Set([`phone:${elt.id.replace(/-wire$/, "")}`]));
  }
});

// While somebody points into the list, its rows stay where they are: what has changed is shown once he points elsewhere,
// or has kept still for a while.
import { freshen } from "../live/fresh";

const STILL = 8_000; // milliseconds without a move after which nobody is pointing any more

let moved = 0;
let waiting = 0;

interface Swap {
  target: Element;
  shouldSwap: boolean;
  serverResponse: string;
  requestConfig: { elt: Element };
}

function rowsOf(root: ParentNode): string {
  return [...root.querySelectorAll<HTMLElement>("[data-ticket]")].map((row) => row.dataset["ticket"]).join(" ");
}

function isPointing(list: Element): boolean {
  return list.querySelector("tbody:hover, .board-column:hover") !== null && performance.now() - moved < STILL;
}

document.addEventListener("pointermove", ({ pointerType }) => {
  if (pointerType === "mouse") {
    moved = performance.now();
  }
});

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const swap = (event as CustomEvent<Swap>).detail;
  const list = swap.target;
  if (!list.matches("[data-holds-still]") || swap.requestConfig.elt !== list || !isPointing(list)) {
    return;
  }
  const next = new DOMParser().parseFromString(swap.serverResponse, "text/html");
  if (rowsOf(next) !== rowsOf(list)) {
    swap.shouldSwap = false;
    list.querySelectorAll<HTMLElement>(".held").forEach((note) => (note.hidden = false));
    clearTimeout(waiting);
    waiting = setTimeout(() => release(list), STILL);
    list.addEventListener("pointerleave", () => release(list), { once: true });
  }
});

function release(list: Element): void {
  clearTimeout(waiting);
  if (list.isConnected && list.querySelector(".held:not([hidden])")) {
    freshen(new Set(["ticket"]));
  }
}

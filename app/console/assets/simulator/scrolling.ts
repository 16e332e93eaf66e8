// What scrolls: talks stay at their end, an opened exchange comes into view.

const leftAlone = new WeakSet<Element>(); // whoever reads further up is left there

function talks(within: ParentNode): NodeListOf<HTMLElement> {
  return within.querySelectorAll<HTMLElement>("[data-talk]");
}

export function scrollToEnd(within: ParentNode): void {
  talks(within).forEach((talk) => (talk.scrollTop = talk.scrollHeight));
}

document.addEventListener(
  "scroll",
  ({ target }) => {
    if (target instanceof HTMLElement && target.matches("[data-talk]")) {
      const atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 80;
      atEnd ? leftAlone.delete(target) : leftAlone.add(target);
    }
  },
  true, // does not bubble
);

let chosen = ""; // the id of the wire in which an exchange was opened just now
document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest(".exchange h3 a");
  chosen = link ? link.closest(".wire")!.id : chosen;
});

export function keepAtEnd(): void {
  talks(document).forEach((talk) => {
    if (!leftAlone.has(talk)) {
      talk.scrollTop = talk.scrollHeight;
    }
  });
}

document.body.addEventListener("htmx:afterSwap", keepAtEnd);
document.body.addEventListener("htmx:afterSettle", keepAtEnd);
document.body.addEventListener("htmx:afterSettle", () => {
  if (chosen) {
    showOpened(document.getElementById(chosen)!); // what was above it may have folded and moved it away
    chosen = "";
  }
});
window.addEventListener("resize", keepAtEnd);

export function showOpened(wire: HTMLElement): void {
  wire.querySelector(".exchange.open h3")?.scrollIntoView({ block: "nearest" });
}

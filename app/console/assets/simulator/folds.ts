// Folded details of the wire: what is unfolded once stays so in every exchange, whatever is swapped meanwhile.

const unfolded = new Set<string>();

document.addEventListener(
  "toggle",
  ({ target }) => {
    if (target instanceof HTMLDetailsElement && target.dataset["fold"]) {
      target.open ? unfolded.add(target.dataset["fold"]) : unfolded.delete(target.dataset["fold"]);
      show();
    }
  },
  true, // does not bubble
);

function show(): void {
  document.querySelectorAll<HTMLDetailsElement>("details[data-fold]").forEach((details) => {
    details.open = unfolded.has(details.dataset["fold"]!);
  });
}

document.body.addEventListener("htmx:afterSwap", show);

// Folded details of the wire: what is unfolded once stays so in every exchange, whatever is swapped meanwhile.

const unfolded = new Set<string>();

// The click, not the toggle event: that comes later, and what is swapped in between would fold it again.
document.addEventListener("click", (event) => {
  const details = (event.target as Element).closest("summary")?.parentElement;
  const name = details?.dataset["fold"];
  if (details instanceof HTMLDetailsElement && name) {
    event.preventDefault();
    details.open ? unfolded.delete(name) : unfolded.add(name);
    show();
  }
});

function show(): void {
  document.querySelectorAll<HTMLDetailsElement>("details[data-fold]").forEach((details) => {
    details.open = unfolded.has(details.dataset["fold"]!);
  });
}

document.body.addEventListener("htmx:afterSwap", show);

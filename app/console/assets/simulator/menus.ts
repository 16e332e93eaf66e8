// The menu in the head of a chat: open until something else is clicked, whatever is swapped meanwhile. A switch in it
// leaves it open, any other button closes it.

let opened = ""; // the id of the one that is open

// The click, not the toggle event: that comes later, and what is swapped in between would close it again.
document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const details = target.closest<HTMLElement>("details.more");
  const summary = target.closest("details.more > summary");
  if (summary) {
    event.preventDefault();
    opened = opened === details!.id ? "" : details!.id;
  } else if (!details || target.closest("button:not([role=switch])")) {
    opened = "";
  }
  show();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    opened = "";
    show();
  }
});

function show(): void {
  document.querySelectorAll<HTMLDetailsElement>("details.more").forEach((details) => {
    details.open = details.id === opened;
  });
}

document.body.addEventListener("htmx:afterSwap", show);
export {}; // a module: its names are its own

// A chosen file is named on its button: the browser's own words would be in the browser's language.
export {}; // a module: its names are its own

function show(field: HTMLInputElement): void {
  const label = field.closest("label")?.querySelector<HTMLElement>("[data-file]");
  if (label) {
    label.textContent = field.files?.[0]?.name ?? label.dataset["file"]!;
  }
}

document.addEventListener("change", (event) => {
  if (event.target instanceof HTMLInputElement && event.target.type === "file") {
    show(event.target);
  }
});

document.addEventListener("reset", (event) => {
  // The fields are emptied after the event.
  setTimeout(() => (event.target as Element).querySelectorAll<HTMLInputElement>("input[type=file]").forEach(show));
});

// J and K go from ticket to ticket, X ticks the one that has the focus, / looks for one.
document.addEventListener("keydown", (event) => {
  const typing = (event.target as Element).closest("input:not([type=checkbox]), select, textarea, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  if (event.key === "j" || event.key === "k") {
    step(event.key === "j" ? 1 : -1);
  } else if (event.key === "x") {
    document.activeElement?.closest("tr")?.querySelector<HTMLInputElement>(".tick input")?.click();
  } else if (event.key === "/") {
    const field = document.querySelector<HTMLInputElement>("#ticket-filters input[type=search]");
    if (field) {
      event.preventDefault();
      field.focus();
    }
  }
});

function step(by: number): void {
  const links = [...document.querySelectorAll<HTMLElement>(".ticket-link")];
  const here = document.activeElement?.closest("[data-ticket]")?.querySelector<HTMLElement>(".ticket-link") ?? null;
  const at = here ? links.indexOf(here) : -1;
  links[at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
}

export {};

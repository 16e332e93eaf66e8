// Lists of tickets.
import "./tickets/board";
import "./tickets/calm";
import "./tickets/clocks";
import "./tickets/keys";
import "./tickets/picking";

// A row of filters that is folded: all of it where there is little room, else what is seldom used.
document.addEventListener("click", ({ target }) => {
  const button = (target as Element).closest<HTMLElement>("[data-unfolds]");
  if (button) {
    const form = document.querySelector<HTMLElement>(button.dataset["unfolds"]!)!;
    const unfolded = form.toggleAttribute("data-unfolded");
    form.querySelectorAll("[data-unfolds]").forEach((each) => (each.ariaExpanded = String(unfolded)));
  } else if ((target as Element).closest("#saves-view")) {
    document.querySelector<HTMLInputElement>("#save-view-query")!.value = queryOf();
  }
});

// What narrows nothing stays out of the address.
document.body.addEventListener("htmx:configRequest", (event) => {
  const { elt, formData } = (event as CustomEvent<{ elt: Element; formData: FormData }>).detail;
  if (elt.matches("form.filters")) {
    [...formData].filter(([, value]) => value === "").forEach(([name]) => formData.delete(name));
  }
});

// The form of the filters is all that a page of the list is asked by: where a previous one ended is forgotten.
function queryOf(): string {
  return document.querySelector<HTMLElement>("#tickets-list")?.dataset["query"] ?? "";
}

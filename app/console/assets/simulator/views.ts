// One thing at a time, where the screen is narrow.
import { scrollToEnd } from "./scrolling";

export function show(view: string): void {
  document.body.dataset["view"] = view;
  document.querySelectorAll<HTMLElement>("[data-show]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset["show"] === view));
  });
  scrollToEnd(document);
}

document.querySelectorAll<HTMLElement>("[data-show]").forEach((button) => {
  button.addEventListener("click", () => show(button.dataset["show"]!));
});

document.addEventListener("click", (event) => {
  if ((event.target as Element).closest(".people a") && document.body.dataset["view"] === "guide") {
    show("chat");
  }
});

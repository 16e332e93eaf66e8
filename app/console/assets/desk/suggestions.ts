// Suggested answers: a click, or Alt with its number, puts one into the reply box. It is never sent by itself.
import { toast } from "../console/toasts";
import { put } from "./composer";
import { words } from "./words";
import { field } from "./work";

function take(suggestion: HTMLElement): void {
  const place = field();
  if (place && !place.readOnly && place.form?.dataset["mode"] === "reply") {
    put(suggestion.dataset["suggests"]!);
    document.documentElement.classList.remove("with-context");
  } else {
    toast(words.takeFirst, true);
  }
}

document.addEventListener("click", ({ target }) => {
  const suggestion = (target as Element).closest<HTMLElement>("[data-suggests]");
  if (suggestion) {
    take(suggestion);
  }
});

document.addEventListener("keydown", (event) => {
  const number = /^(?:Digit|Numpad)([1-3])$/.exec(event.code)?.[1];
  if (number && event.altKey && !event.ctrlKey && !event.metaKey && !event.isComposing) {
    const suggestion = document.getElementById(`suggestion-${number}`);
    if (suggestion) {
      event.preventDefault();
      take(suggestion);
    }
  }
});

// The composer: its keys and panels. Sending is htmx's.
import { scrollToEnd } from "./scrolling";

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (field instanceof HTMLTextAreaElement && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    field.form?.requestSubmit();
  } else if (event.key === "Escape") {
    closePanels(document.body);
  }
});

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const opener = target.closest<HTMLElement>("[data-panel]");
  const emoji = target.closest<HTMLElement>("[data-insert]");
  if (opener) {
    toggle(opener);
  } else if (emoji) {
    insert(emoji.closest("[data-composer]")!.querySelector("textarea")!, emoji.dataset["insert"]!);
  }
});

function toggle(opener: HTMLElement): void {
  const composer = opener.closest("[data-composer]")!;
  const open = opener.getAttribute("aria-expanded") !== "true";
  closePanels(composer);
  if (open) {
    opener.setAttribute("aria-expanded", "true");
    document.getElementById(opener.getAttribute("aria-controls")!)!.hidden = false;
    scrollToEnd(composer.parentElement!);
  }
}

function closePanels(within: Element): void {
  within.querySelectorAll("[data-panel]").forEach((opener) => opener.setAttribute("aria-expanded", "false"));
  within.querySelectorAll<HTMLElement>(".panel-area").forEach((panel) => (panel.hidden = true));
}

function insert(field: HTMLTextAreaElement, text: string): void {
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

document.addEventListener("input", (event) => {
  if (event.target instanceof HTMLTextAreaElement && event.target.form?.matches("[data-write]")) {
    mark(event.target);
  }
});

/** The send button takes the place of the plus while there is something to send. */
function mark(field: HTMLTextAreaElement): void {
  field.form?.classList.toggle("filled", field.value.trim() !== "");
  field.rows = Math.min(4, field.value.split("\n").length);
}

const sent = new WeakMap<Element, string>(); // what a form is sending, in case it must come back

function written(elt: HTMLElement): HTMLTextAreaElement | null {
  return elt.matches("[data-write]") ? elt.querySelector("textarea") : null;
}

function put(field: HTMLTextAreaElement, text: string): void {
  field.value = text;
  mark(field);
}

// Emptied as it leaves and not when it has arrived: somebody may be typing the next line already.
document.body.addEventListener("htmx:beforeSend", (event) => {
  const { elt } = (event as CustomEvent<{ elt: HTMLElement }>).detail;
  const field = written(elt);
  if (field) {
    sent.set(elt, field.value);
    put(field, "");
    field.focus();
  }
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = (event as CustomEvent<{ elt: HTMLElement; successful: boolean }>).detail;
  if (!successful) {
    const field = written(elt);
    if (field?.value === "") {
      put(field, sent.get(elt) ?? "");
    }
    return;
  }
  if (elt instanceof HTMLFormElement && elt.matches("[data-clears]")) {
    elt.reset();
  }
  if (elt.matches("[data-closes]")) {
    closePanels(elt.closest("[data-composer]")!);
  }
});

document.body.addEventListener("htmx:beforeRequest", (event) => {
  const { elt } = (event as CustomEvent<{ elt: HTMLElement }>).detail;
  if (written(elt)?.value.trim() === "") {
    event.preventDefault();
  }
});

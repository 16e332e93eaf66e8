// <button data-opens="#id"> opens a dialog; <button data-closes> inside closes it, and so does a form in it that went
// well. It begins as it was made, but for what somebody has written into one that `data-writes`. Focus goes back to where
// it came from, be it a menu that has closed meanwhile. `data-becomes="#id"` on a form: its answer is shown there, in its
// place. `data-shows-dialog="#id"` on what asks for something: the answer is in that dialog.

interface Answered {
  elt: HTMLElement;
  successful: boolean;
}

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const opener = target.closest<HTMLElement>("[data-opens]");
  if (opener) {
    open(document.querySelector<HTMLDialogElement>(opener.dataset["opens"]!)!, opener);
  } else if (target.closest("[data-closes]")) {
    target.closest("dialog")?.close();
  }
});

function open(dialog: HTMLDialogElement, opener: HTMLElement): void {
  for (const form of dialog.querySelectorAll("form")) {
    if (!("writes" in form.dataset)) {
      form.reset();
    }
    form.hidden = false;
    placeOf(form)?.replaceChildren();
  }
  const menu = opener.closest("details.menu")?.querySelector("summary");
  dialog.addEventListener("close", () => document.activeElement === document.body && menu?.focus(), { once: true });
  dialog.showModal();
}

// What a dialog shows may come later than itself.
document.body.addEventListener("htmx:afterSettle", ({ target }) => {
  const dialog = (target as Element).closest("dialog[open]");
  if (dialog && document.activeElement === dialog) {
    dialog.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea, button")?.focus();
  }
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = (event as CustomEvent<Answered>).detail;
  const shows = elt.dataset["showsDialog"];
  if (!successful) {
    return;
  }
  if (shows) {
    document.querySelector<HTMLDialogElement>(shows)!.showModal();
  } else if (elt instanceof HTMLFormElement && elt.dataset["becomes"]) {
    elt.hidden = true;
  } else if (elt.matches("dialog form")) {
    elt.closest("dialog")!.close();
  }
});

function placeOf(form: HTMLFormElement): Element | null {
  return form.dataset["becomes"] ? document.querySelector(form.dataset["becomes"]) : null;
}

export {};

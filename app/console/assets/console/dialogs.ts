// <button data-opens="#id"> opens a dialog; <button data-closes> inside closes it, and so does a form in it that went
// well. `data-becomes="#id"` on a form: its answer is shown there, in its place. `data-shows-dialog="#id"` on what asks
// for something: the answer is in that dialog.

interface Answered {
  elt: HTMLElement;
  successful: boolean;
}

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const opens = target.closest<HTMLElement>("[data-opens]")?.dataset["opens"];
  if (opens) {
    open(document.querySelector<HTMLDialogElement>(opens)!);
  } else if (target.closest("[data-closes]")) {
    target.closest("dialog")?.close();
  }
});

function open(dialog: HTMLDialogElement): void {
  for (const form of dialog.querySelectorAll("form")) {
    form.reset();
    form.hidden = false;
    placeOf(form)?.replaceChildren();
  }
  dialog.showModal();
}

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

// <button data-opens="#id"> opens a dialog; <button data-closes> inside closes it, and so does a form in it that went
// well, unless its answer is shown there (`data-stays` on the form).

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const opens = target.closest<HTMLElement>("[data-opens]")?.dataset["opens"];
  if (opens) {
    const dialog = document.querySelector<HTMLDialogElement>(opens);
    dialog?.querySelectorAll("form").forEach((form) => form.reset());
    dialog?.showModal();
  } else if (target.closest("[data-closes]")) {
    target.closest("dialog")?.close();
  }
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = (event as CustomEvent<{ elt: HTMLElement; successful: boolean }>).detail;
  if (successful && elt.matches("dialog form:not([data-stays])")) {
    elt.closest("dialog")!.close();
  }
});

export {};

// `hx-confirm` asks in a dialog of the page: what it will do, and a button that says so (`data-verb`, `data-grave`).

interface Question {
  elt: HTMLElement;
  question: string | null;
  issueRequest(skip: boolean): void;
}

const dialog = document.querySelector<HTMLDialogElement>("#confirming");
let pending: Question | null = null;

document.body.addEventListener("htmx:confirm", (event) => {
  const detail = (event as CustomEvent<Question>).detail;
  if (!detail.question || !dialog) {
    return;
  }
  event.preventDefault();
  pending = detail;
  const asking = detail.elt.closest<HTMLElement>("[hx-confirm]") ?? detail.elt;
  const yes = dialog.querySelector<HTMLButtonElement>("[data-yes]")!;
  dialog.querySelector("p")!.textContent = detail.question;
  yes.textContent = asking.dataset["verb"] ?? dialog.dataset["verb"]!;
  yes.className = "grave" in asking.dataset ? "button grave" : "button primary";
  dialog.returnValue = "";
  dialog.showModal();
});

dialog?.addEventListener("close", () => {
  const asked = pending;
  pending = null;
  if (dialog.returnValue === "yes") {
    asked?.issueRequest(true);
  }
});

export {};

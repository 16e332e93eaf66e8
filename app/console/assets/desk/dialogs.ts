// Dialogs about the open conversation: [data-asks="transfer"] fetches what #transfer asks, then opens it.
import htmx from "htmx.org";
import { current, refresh } from "./work";

export function ask(name: string): void {
  const dialog = document.querySelector<HTMLDialogElement>(`#${name}`)!;
  const id = current();
  if (dialog.open) {
    return;
  }
  if (!("fetched" in dialog.dataset)) {
    dialog.showModal();
  } else if (id) {
    void htmx.ajax("get", `/desk/${id}/${name}`, { target: dialog, swap: "innerHTML" }).then(() => {
      dialog.showModal();
      dialog.querySelector<HTMLElement>("[checked], textarea, input:not([type=hidden])")?.focus();
    });
  }
}

document.addEventListener("click", (event) => {
  const asks = (event.target as Element).closest<HTMLElement>("[data-asks]")?.dataset["asks"];
  if (asks) {
    ask(asks);
  } else if (event.target instanceof HTMLDialogElement && event.target.id === "large") {
    event.target.close(); // beside the picture
  }
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { requestConfig } = (event as CustomEvent<{ requestConfig: { verb: string } }>).detail;
  const id = current();
  if (requestConfig.verb === "post" && id) {
    refresh(id); // also where it was refused: things are not as the page thought
  }
});

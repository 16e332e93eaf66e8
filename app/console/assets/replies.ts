// The form of a quick reply: variables are put in where the cursor is, pictures are sent up as they are chosen.
import { reasonOf, toast } from "./console/toasts";

const MOST = 9;

document.addEventListener("click", ({ target }) => {
  const element = target as Element;
  const variable = element.closest<HTMLElement>("[data-variable]")?.dataset["variable"];
  const picks = element.closest<HTMLElement>("[data-picks]")?.dataset["picks"];
  if (variable) {
    const field = document.querySelector<HTMLTextAreaElement>("#reply-words")!;
    field.setRangeText(variable, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  } else if (picks) {
    document.querySelector<HTMLInputElement>(picks)!.click();
  } else if (element.closest("[data-drops]")) {
    element.closest("li")!.remove();
  }
});

document.addEventListener("change", ({ target }) => {
  if (target instanceof HTMLInputElement && target.id === "reply-picture") {
    for (const file of target.files ?? []) {
      upload(file);
    }
    target.value = "";
  }
});

function upload(file: File): void {
  const list = document.getElementById("reply-pictures")!;
  if (list.childElementCount >= MOST) {
    return;
  }
  const request = new XMLHttpRequest();
  const body = new FormData();
  body.append("file", file, file.name);
  request.open("POST", "/replies/picture");
  request.setRequestHeader("X-CSRF", document.querySelector<HTMLMetaElement>('meta[name="csrf"]')!.content);
  request.setRequestHeader("HX-Request", "true");
  request.onloadend = () => {
    if (request.status === 200) {
      const { ticket, address } = JSON.parse(request.responseText) as { ticket: string; address: string };
      list.append(picture(ticket, address, file.name, list.dataset["removes"]!));
    } else {
      toast(reasonOf(request), true);
    }
  };
  request.send(body);
}

function picture(ticket: string, address: string, name: string, removes: string): HTMLLIElement {
  const item = document.createElement("li");
  const image = Object.assign(document.createElement("img"), { src: address, alt: name });
  const away = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: "×" });
  away.dataset["drops"] = "";
  away.ariaLabel = `${removes} ${name}`;
  item.append(hidden("picture", ticket), hidden("name", name), image, away);
  return item;
}

function hidden(name: string, value: string): HTMLInputElement {
  return Object.assign(document.createElement("input"), { type: "hidden", name, value });
}

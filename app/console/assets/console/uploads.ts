// Pictures: chosen, pasted or dropped; sent up with their progress, and shown before they go to the viewer.
//
// <ul id="uploads" data-to="/where/they/go"> holds them, each with its ticket as a field of the form around it;
// [data-pictures] is where they can be dropped and pasted, <button data-picks="#picture"> lets them be chosen.
// A field with data-or-picture may be empty where there is one.
import { toast } from "./toasts";
import { words } from "./words";

const KINDS = ["image/png", "image/jpeg", "image/gif"];
const MOST = 9;

interface Kept {
  ticket: string; // by which the service knows the file again
  address: string;
}

function list(): HTMLElement | null {
  return document.getElementById("uploads");
}

/** The tickets of the pictures, in their order. */
export function tickets(): string[] {
  return [...(list()?.querySelectorAll<HTMLInputElement>("li input") ?? [])].map((field) => field.value);
}

/** Why they cannot leave yet, in words; empty: they can. */
export function unready(): string {
  if (list()?.querySelector("li.failed")) {
    return words.notBrought;
  }
  const items = [...(list()?.querySelectorAll("li") ?? [])];
  return items.every((item) => item.querySelector("input")) ? "" : words.uploading;
}

export function clearUploads(): void {
  list()?.replaceChildren();
  arrange();
}

export function upload(files: Iterable<File>): void {
  for (const file of files) {
    if (!KINDS.includes(file.type)) {
      toast(words.notTaken, true);
    } else if (list() && list()!.childElementCount < MOST) {
      begin(file);
    }
  }
  arrange();
}

/** Pictures that the service has already, as those of a quick reply. */
export function attach(pictures: Iterable<Kept & { name: string }>): void {
  for (const picture of pictures) {
    if (list() && list()!.childElementCount < MOST) {
      const { item, name } = line(picture.name);
      item.append(ticketOf(picture));
      name.after(shown(picture));
    }
  }
  arrange();
}

/** A line for a picture, which goes away at a click. */
function line(called: string, leave: () => void = () => undefined): { item: HTMLLIElement; name: HTMLElement } {
  const item = document.createElement("li");
  const name = document.createElement("span");
  const away = document.createElement("button");
  name.textContent = called;
  away.type = "button";
  away.className = "button quiet";
  away.textContent = "×";
  away.setAttribute("aria-label", words.removePicture(called));
  away.addEventListener("click", () => {
    leave();
    item.remove();
    arrange();
  });
  item.append(name, away);
  list()!.append(item);
  return { item, name };
}

function ticketOf({ ticket }: Kept): HTMLInputElement {
  return Object.assign(document.createElement("input"), { type: "hidden", name: "file", value: ticket });
}

function shown({ address, name }: { address: string; name: string }): HTMLImageElement {
  return Object.assign(document.createElement("img"), { src: address, alt: name });
}

function begin(file: File): void {
  const request = new XMLHttpRequest(); // fetch tells no progress
  const { item, name } = line(file.name, () => request.abort());
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  name.after(bar);

  const body = new FormData();
  body.append("file", file, file.name);
  request.open("POST", list()!.dataset["to"]!);
  request.setRequestHeader("X-CSRF", document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "");
  request.setRequestHeader("HX-Request", "true");
  request.upload.onprogress = (event) => (bar.value = event.lengthComputable ? event.loaded / event.total : 0);
  request.onload = () => {
    const told = JSON.parse(request.responseText || "{}") as Partial<Kept> & { error?: string };
    if (request.status === 200 && told.ticket) {
      item.append(ticketOf(told as Kept));
      bar.replaceWith(shown({ address: told.address!, name: file.name }));
    } else {
      fail(told.error ?? words.unreachable);
    }
  };
  request.onerror = () => fail(words.unreachable);
  request.send(body);

  function fail(why: string): void {
    bar.remove();
    name.textContent = `${file.name}：${why}`;
    item.classList.add("failed");
  }
}

function arrange(): void {
  const place = list();
  if (place) {
    const empty = place.childElementCount === 0;
    place.hidden = empty;
    place.closest("form")?.querySelectorAll<HTMLTextAreaElement>("[data-or-picture]").forEach((field) => {
      field.required = empty;
    });
  }
}

function takes(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("[data-pictures]") !== null;
}

document.addEventListener("click", ({ target }) => {
  const picks = (target as Element).closest<HTMLElement>("[data-picks]")?.dataset["picks"];
  if (picks) {
    document.querySelector<HTMLInputElement>(picks)?.click();
  }
});
document.addEventListener("change", (event) => {
  const input = event.target;
  if (input instanceof HTMLInputElement && input.id === "picture" && input.files) {
    upload(input.files);
    input.value = "";
  }
});
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length > 0 && takes(event.target)) {
    event.preventDefault();
    upload(files);
  }
});
document.addEventListener("dragover", (event) => takes(event.target) && event.preventDefault());
document.addEventListener("drop", (event) => {
  if (event.dataTransfer?.files.length && takes(event.target)) {
    event.preventDefault();
    upload(event.dataTransfer.files);
  }
});

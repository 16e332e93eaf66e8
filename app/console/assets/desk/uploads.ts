// Pictures: chosen, pasted or dropped; sent up with their progress, and shown before they go to the viewer.
import { toast } from "../console/toasts";
import { words } from "./words";
import { current, csrf } from "./work";

const KINDS = ["image/png", "image/jpeg", "image/gif"];
const MOST = 9;

interface Kept {
  ticket: string; // by which the service knows the file again
  address: string;
}

const kept = new Map<HTMLLIElement, Kept>();

function list(): HTMLElement | null {
  return document.getElementById("uploads");
}

/** The tickets of the pictures, in their order; null while one is still under way. */
export function tickets(): string[] | null {
  const items = [...(list()?.querySelectorAll("li") ?? [])];
  const found = items.map((item) => kept.get(item)?.ticket);
  return found.every((ticket) => ticket !== undefined) ? (found as string[]) : null;
}

export function clearUploads(): void {
  list()?.replaceChildren();
  kept.clear();
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
      kept.set(item, picture);
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
    kept.delete(item);
    item.remove();
    arrange();
  });
  item.append(name, away);
  list()!.append(item);
  return { item, name };
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
  request.open("POST", `/desk/${current()}/upload`);
  request.setRequestHeader("X-CSRF", csrf());
  request.setRequestHeader("HX-Request", "true");
  request.upload.onprogress = (event) => (bar.value = event.lengthComputable ? event.loaded / event.total : 0);
  request.onload = () => {
    const told = JSON.parse(request.responseText || "{}") as Partial<Kept> & { error?: string };
    if (request.status === 200 && told.ticket) {
      kept.set(item, told as Kept);
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
    place.hidden = place.childElementCount === 0;
  }
}

document.addEventListener("change", (event) => {
  const input = event.target;
  if (input instanceof HTMLInputElement && input.id === "picture" && input.files) {
    upload(input.files);
    input.value = "";
  }
});
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length > 0 && (event.target as Element).closest("#composer")) {
    event.preventDefault();
    upload(files);
  }
});
document.addEventListener("dragover", (event) => (event.target as Element).closest?.(".thread-pane") && event.preventDefault());
document.addEventListener("drop", (event) => {
  if (event.dataTransfer?.files.length && (event.target as Element).closest?.(".thread-pane")) {
    event.preventDefault();
    upload(event.dataTransfer.files);
  }
});

// The thread stays at its end, unless somebody reads further up; then a pill counts what came.
import { whenOpened } from "./opened";
import { words } from "./words";
import { post, work } from "./work";

const unfolded = new Set<string>();
let atEnd = true;
let seen = 0; // seq of the newest message that was at the end of the screen

function scroll(): HTMLElement | null {
  return document.getElementById("scroll");
}

function log(): HTMLElement | null {
  return document.getElementById("log");
}

whenOpened(() => {
  atEnd = true;
  seen = 0;
  const unread = document.getElementById("unread-mark");
  toEnd();
  const place = scroll();
  if (unread && place && unread.offsetTop < place.scrollTop) {
    place.scrollTop = Math.max(0, unread.offsetTop - 60); // more than a screen is new: from its beginning
    atEnd = false;
  }
  look();
});

function toEnd(): void {
  const place = scroll();
  if (place) {
    place.scrollTop = place.scrollHeight;
  }
}

/** After something was swapped, scrolled, or the page came to the front. */
function look(): void {
  const newest = Number(log()?.dataset["newest"] ?? 0);
  if (atEnd && document.visibilityState === "visible") {
    note(newest);
  }
  const pill = document.getElementById("pill");
  if (pill) {
    const more = [...document.querySelectorAll<HTMLElement>("#log .said[data-seq]")].filter((item) => Number(item.dataset["seq"]) > seen).length;
    pill.hidden = atEnd || more === 0 || seen === 0;
    pill.textContent = words.pill(more);
  }
  if (seen === 0) {
    seen = newest;
  }
}

/** Tell how far was read. */
function note(newest: number): void {
  const id = work().dataset["id"];
  const before = Number(work().dataset["read"] ?? 0);
  seen = Math.max(seen, newest);
  if (id && newest > before) {
    work().dataset["read"] = String(newest);
    void post(`/desk/${id}/read`, { seq: String(newest) });
  }
}

document.addEventListener(
  "scroll",
  ({ target }) => {
    if (target === scroll()) {
      const place = target as HTMLElement;
      atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 80;
      look();
    }
  },
  true, // does not bubble
);

let height = 0;
document.body.addEventListener("htmx:beforeSwap", () => {
  height = scroll()?.scrollHeight ?? 0;
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  const target = (event as CustomEvent<{ target: HTMLElement }>).detail.target;
  show();
  const place = scroll();
  if (place && target.id === "older") {
    place.scrollTop += place.scrollHeight - height; // what is read stays where it is
  } else if (atEnd) {
    toEnd();
  }
});
document.body.addEventListener("htmx:afterSettle", () => {
  if (atEnd) {
    toEnd();
  }
  look();
});
document.addEventListener("visibilitychange", look);
window.addEventListener("resize", () => atEnd && toEnd());
document.addEventListener("load", (event) => event.target instanceof HTMLImageElement && atEnd && toEnd(), true);

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const button = target.closest<HTMLElement>("[data-unfold]");
  const picture = target.closest<HTMLAnchorElement>("a[data-picture]");
  if (button) {
    const name = button.dataset["unfold"]!;
    unfolded.has(name) ? unfolded.delete(name) : unfolded.add(name);
    show();
  } else if (target.closest("#pill")) {
    atEnd = true;
    toEnd();
    look();
  } else if (picture && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    document.querySelector<HTMLImageElement>("#large-picture")!.src = picture.href;
    document.querySelector<HTMLAnchorElement>("#large-link")!.href = picture.href;
    document.querySelector<HTMLDialogElement>("#large")!.showModal();
  }
});

function show(): void {
  document.querySelectorAll<HTMLElement>("[data-fold]").forEach((bubble) => {
    const open = unfolded.has(bubble.dataset["fold"]!);
    bubble.classList.toggle("unfolded", open);
    const button = document.querySelector(`[data-unfold="${bubble.dataset["fold"]}"]`);
    if (button) {
      button.textContent = open ? words.fold : words.unfold;
    }
  });
}

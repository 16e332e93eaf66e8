// Quick replies: "/" at the start of a line, or the button with the flash, opens a list that narrows as one types.
import htmx from "htmx.org";
import { attach } from "../console/uploads";
import { whenOpened } from "./opened";
import { current, field, post } from "./work";

const PAUSE = 80; // milliseconds
const SIGNS = "/／、"; // what the key gives, by the method of input
interface Opened {
  from: number; // where what is typed for the list begins, with its sign
  words: number; // where the letters to look for begin
}

let opened: Opened | null = null;
let plain = -1; // where a sign stands that is meant as one
let asked = 0;
let timer = 0;

whenOpened(() => {
  plain = -1;
  close();
});

function panel(): HTMLElement | null {
  return document.getElementById("quick");
}

function options(): HTMLElement[] {
  return [...(panel()?.querySelectorAll<HTMLElement>("[role=option]") ?? [])];
}

function chosen(): HTMLElement | undefined {
  return options().find((option) => option.getAttribute("aria-selected") === "true");
}

function isReply(place: HTMLTextAreaElement | null): place is HTMLTextAreaElement {
  return place !== null && !place.readOnly && place.form?.dataset["mode"] === "reply";
}

// -------------------- when it opens and closes

document.addEventListener("input", (event) => {
  if (event.target === field() && !(event as InputEvent).isComposing) {
    look();
  }
});
document.addEventListener("compositionend", ({ target }) => target === field() && look());

function look(): void {
  const place = field();
  if (!isReply(place)) {
    close();
    return;
  }
  const before = place.value.slice(0, place.selectionStart);
  if (plain >= 0 && !SIGNS.includes(place.value[plain] ?? "?")) {
    plain = -1;
  }
  if (new RegExp(`(^|\\n)[${SIGNS}]{2}$`).test(before)) {
    plain = before.length - 2; // twice: it is meant
    place.setRangeText("/", plain, before.length, "end");
    close();
    return;
  }
  const typed = new RegExp(`(?:^|\\n)[${SIGNS}]([^${SIGNS}\\s]{0,32})$`).exec(before);
  if (typed && before.length - typed[1]!.length - 1 !== plain) {
    const words = before.length - typed[1]!.length;
    open({ from: words - 1, words });
  } else if (opened && opened.from === opened.words && before.length >= opened.from && !/\s/.test(before.slice(opened.from))) {
    open(opened); // by the button: what is typed behind it narrows the list
  } else {
    close();
  }
}

function open(at: Opened): void {
  opened = at;
  clearTimeout(timer);
  timer = window.setTimeout(() => void fetchList(), panel()?.hidden ? 0 : PAUSE);
}

async function fetchList(): Promise<void> {
  const place = field();
  const id = current();
  if (!opened || !id || !place) {
    return;
  }
  const mine = ++asked;
  const query = new URLSearchParams({ q: place.value.slice(opened.words, place.selectionStart) });
  const answer = await fetch(`/desk/${id}/quick?${query}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  const found = answer?.ok ? await answer.text().catch(() => null) : null;
  if (found === null || mine !== asked || id !== current()) {
    return; // closed, or asked anew
  }
  const list = panel()!;
  list.innerHTML = found;
  list.hidden = false;
  htmx.process(list);
  choose(options()[0]);
  expand(true);
}

function close(): void {
  opened = null;
  asked += 1;
  clearTimeout(timer);
  const list = panel();
  if (list && !list.hidden) {
    list.hidden = true;
    list.replaceChildren();
    field()?.removeAttribute("aria-activedescendant");
    expand(false);
  }
}

function expand(yes: boolean): void {
  document.querySelector('[data-tool="quick"]')?.setAttribute("aria-expanded", String(yes));
}

// -------------------- choosing

function choose(option: HTMLElement | undefined): void {
  options().forEach((each) => each.setAttribute("aria-selected", String(each === option)));
  if (option) {
    field()?.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }
}

function step(by: number): void {
  const all = options();
  const at = all.indexOf(chosen()!);
  choose(all[(at + by + all.length) % all.length]);
}

function take(option: HTMLElement): void {
  const place = field();
  const id = current();
  if (!opened || !isReply(place) || !id) {
    return;
  }
  const { from } = opened;
  const text = option.dataset["text"] ?? "";
  close();
  place.setRangeText(text, from, Math.max(from, place.selectionStart), "end");
  const blank = /【[^【】\s]{1,12}】/.exec(text);
  if (blank) {
    place.setSelectionRange(from + blank.index, from + blank.index + blank[0].length); // the first that is to be filled in
  }
  attach(JSON.parse(option.dataset["pictures"] ?? "[]") as Parameters<typeof attach>[0]);
  place.dispatchEvent(new Event("input", { bubbles: true }));
  place.focus();
  void post(`/desk/${id}/quick/${option.dataset["reply"]}`, {});
}

document.addEventListener(
  "keydown",
  (event) => {
    if (panel()?.hidden !== false || event.target !== field() || event.isComposing || event.keyCode === 229) {
      return;
    }
    const option = chosen();
    const bare = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (bare && option && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (bare && option && (event.key === "Enter" || event.key === "Tab")) {
      take(option);
    } else if (event.key === "Escape") {
      plain = opened && opened.from < opened.words ? opened.from : plain;
      close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true, // before the keys of the desk
);

document.addEventListener("mousedown", (event) => {
  if ((event.target as Element).closest("#quick [role=option]")) {
    event.preventDefault(); // the field keeps the focus
  }
});

document.addEventListener("click", ({ target }) => {
  const element = target as Element;
  const option = element.closest<HTMLElement>("#quick [role=option]");
  const place = field();
  if (option) {
    take(option);
  } else if (element.closest('[data-tool="quick"]') && isReply(place)) {
    const at = place.selectionStart;
    opened ? close() : open({ from: at, words: at });
    place.focus();
  } else if (!element.closest("#quick, #words")) {
    close();
  }
});

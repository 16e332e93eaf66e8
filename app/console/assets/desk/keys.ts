// Everything by keyboard. What is typed into a field is never a command; Escape leaves the field.
import { ask } from "./dialogs";
import { open } from "./opening";
import { field } from "./work";

function rows(): HTMLAnchorElement[] {
  return [...document.querySelectorAll<HTMLAnchorElement>("#list a.row")];
}

/** Move through the list; `by` is 1 or -1. From the chosen row where none has the focus. */
function move(by: number): void {
  const all = rows();
  const focused = all.indexOf(document.activeElement as HTMLAnchorElement);
  const from = focused >= 0 ? focused : all.findIndex((row) => row.hasAttribute("aria-current"));
  const next = all[Math.max(0, Math.min(all.length - 1, from < 0 ? 0 : from + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** Open the row above or below the open one, from wherever one is. */
function step(by: number): void {
  const all = rows();
  const at = all.findIndex((row) => row.hasAttribute("aria-current"));
  const next = all[at < 0 ? 0 : at + by];
  if (next?.dataset["open"]) {
    void open(next.dataset["open"], next.href);
    next.scrollIntoView({ block: "nearest" });
  }
}

function press(key: string): boolean {
  const button = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  if (!button || button.hasAttribute("disabled")) {
    return false;
  }
  button.click();
  return true;
}

const COMMANDS: Record<string, () => void> = {
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  "/": () => document.getElementById("find-words")?.focus(),
  "?": () => ask("keys"),
};

document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  if (event.isComposing || event.defaultPrevented) {
    return;
  }
  if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
    return;
  }
  const asked = target.closest("dialog[open]"); // one that was closed may keep the focus until the next frame
  const typing = target.matches("input, textarea, select, [contenteditable]");
  if (event.key === "Escape" && typing && !asked) {
    target.blur();
    return;
  }
  if (typing || asked || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && target.closest("#scroll")) {
    return; // reads
  }
  const command = COMMANDS[event.key];
  if (command) {
    event.preventDefault();
    command();
  } else if (event.key.length === 1 && press(event.key.toLowerCase())) {
    event.preventDefault();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.activeElement === document.body && field()) {
    document.querySelector<HTMLElement>("#list [aria-current]")?.focus();
  }
});

// The simulator's page: what its fragments cannot do by themselves. Sending is htmx's; here are the keys and panels of
// the composer, what scrolls, which phones stand on the stage, and where an error is said.
import htmx from "htmx.org";

const PAGE = "/simulator";
const stage = document.querySelector<HTMLElement>("#stage")!;

// -------------------- the composer

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (field instanceof HTMLTextAreaElement && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    field.form?.requestSubmit();
  } else if (event.key === "Escape") {
    closePanels(document.body);
  }
});

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const opener = target.closest<HTMLElement>("[data-panel]");
  const emoji = target.closest<HTMLElement>("[data-insert]");
  if (opener) {
    toggle(opener);
  } else if (emoji) {
    insert(emoji.closest("[data-composer]")!.querySelector("textarea")!, emoji.dataset["insert"]!);
  } else if (!target.closest("details.more")) {
    document.querySelectorAll("details.more[open]").forEach((details) => details.removeAttribute("open"));
  }
});

function toggle(opener: HTMLElement): void {
  const composer = opener.closest("[data-composer]")!;
  const open = opener.getAttribute("aria-expanded") !== "true";
  closePanels(composer);
  if (open) {
    opener.setAttribute("aria-expanded", "true");
    document.getElementById(opener.getAttribute("aria-controls")!)!.hidden = false;
    scrollToEnd(composer.parentElement!);
  }
}

function closePanels(within: Element): void {
  within.querySelectorAll("[data-panel]").forEach((opener) => opener.setAttribute("aria-expanded", "false"));
  within.querySelectorAll<HTMLElement>(".panel-area").forEach((panel) => (panel.hidden = true));
}

function insert(field: HTMLTextAreaElement, text: string): void {
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

document.addEventListener("input", (event) => {
  if (event.target instanceof HTMLTextAreaElement) {
    mark(event.target);
  }
});

/** The send button takes the place of the plus while there is something to send. */
function mark(field: HTMLTextAreaElement): void {
  field.form?.classList.toggle("filled", field.value.trim() !== "");
  field.rows = Math.min(4, field.value.split("\n").length);
}

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = (event as CustomEvent<{ elt: HTMLElement; successful: boolean }>).detail;
  if (!successful) {
    return;
  }
  sayError(elt, "");
  const field = elt.matches("[data-write]") ? elt.querySelector("textarea") : null;
  if (field) {
    field.value = "";
    mark(field);
    field.focus();
  }
  if (elt instanceof HTMLFormElement && elt.matches("[data-clears]")) {
    elt.reset();
  }
  if (elt.matches("[data-closes]")) {
    closePanels(elt.closest("[data-composer]")!);
  }
});

document.body.addEventListener("htmx:beforeRequest", (event) => {
  const { elt } = (event as CustomEvent<{ elt: HTMLElement }>).detail;
  if (elt.matches("[data-write]") && elt.querySelector("textarea")!.value.trim() === "") {
    event.preventDefault();
  }
});

// -------------------- errors, said where they happened

document.body.addEventListener("htmx:responseError", (event) => {
  const { elt, xhr } = (event as CustomEvent<{ elt: HTMLElement; xhr: XMLHttpRequest }>).detail;
  if (xhr.status === 404 && xhr.responseURL.includes("/phones/")) {
    void arrange(); // a phone that is gone: another tab took it away, or the service was started anew
  } else {
    sayError(elt, reason(xhr));
  }
});

document.body.addEventListener("htmx:sendError", (event) => {
  sayError((event as CustomEvent<{ elt: HTMLElement }>).detail.elt, "服务没有响应：请看它是否还在运行，然后再试一次");
});

function reason(xhr: XMLHttpRequest): string {
  try {
    const { error } = JSON.parse(xhr.responseText) as { error?: string };
    return error ?? `服务回答了 HTTP ${xhr.status}`;
  } catch {
    return `服务回答了 HTTP ${xhr.status}`;
  }
}

function sayError(elt: Element, text: string): void {
  const place = (elt.closest(".station") ?? document).querySelector<HTMLElement>("[data-error]");
  if (place) {
    place.textContent = text;
    place.hidden = text === "";
    keepAtEnd();
  }
}

// -------------------- what scrolls

const leftAlone = new WeakSet<Element>(); // whoever reads further up is left there

function talks(within: ParentNode): NodeListOf<HTMLElement> {
  return within.querySelectorAll<HTMLElement>("[data-talk]");
}

function scrollToEnd(within: ParentNode): void {
  talks(within).forEach((talk) => (talk.scrollTop = talk.scrollHeight));
}

document.addEventListener(
  "scroll",
  ({ target }) => {
    if (target instanceof HTMLElement && target.matches("[data-talk]")) {
      const atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 80;
      atEnd ? leftAlone.delete(target) : leftAlone.add(target);
    }
  },
  true, // does not bubble
);

let chosen = ""; // the id of the wire in which an exchange was opened just now
document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest(".exchange h3 a");
  chosen = link ? link.closest(".wire")!.id : chosen;
});

function keepAtEnd(): void {
  talks(document).forEach((talk) => {
    if (!leftAlone.has(talk)) {
      talk.scrollTop = talk.scrollHeight;
    }
  });
}

document.body.addEventListener("htmx:afterSwap", keepAtEnd);
document.body.addEventListener("htmx:afterSettle", keepAtEnd);
document.body.addEventListener("htmx:afterSettle", () => {
  if (chosen) {
    showOpened(document.getElementById(chosen)!); // what was above it may have folded and moved it away
    chosen = "";
  }
});
window.addEventListener("resize", keepAtEnd);

function showOpened(wire: HTMLElement): void {
  wire.querySelector(".exchange.open h3")?.scrollIntoView({ block: "nearest" });
}

// -------------------- which phones stand on the stage

let arranging: Promise<void> = Promise.resolve();

/** Make the stage hold the phones that the service has, in its order, without touching those that stay. */
function arrange(): Promise<void> {
  arranging = arranging.then(arrangeOnce).catch(() => undefined); // the next change or reconnect tries again
  return arranging;
}

async function arrangeOnce(): Promise<void> {
  const answer = await fetch(`${PAGE}/roster`);
  if (!answer.ok) {
    return;
  }
  const ids = (await answer.json()) as string[];
  stage.querySelectorAll<HTMLElement>(".station").forEach((station) => {
    if (!ids.includes(station.id)) {
      station.remove();
    }
  });
  for (const id of ids) {
    if (!document.getElementById(id)) {
      await append(id);
    }
  }
}

async function append(id: string): Promise<void> {
  const answer = await fetch(`${PAGE}/phones/${id}`);
  if (answer.ok) {
    stage.insertAdjacentHTML("beforeend", await answer.text());
    htmx.process(document.getElementById(id)!);
  }
}

document.body.addEventListener("phones", () => void arrange());
document.body.addEventListener("refresh", () => void arrange());
document.body.addEventListener("show-phone", (event) => {
  const { id, scenario } = (event as CustomEvent<{ id: string; scenario: string | null }>).detail;
  const address = scenario ? `${PAGE}?scenario=${scenario}` : `${PAGE}?phone=${id}`;
  history.replaceState(null, "", address);
  void arrange().then(() => {
    show("chat");
    bringIntoView(id, scenario === null);
  });
});

function bringIntoView(id: string, focus: boolean): void {
  const station = document.getElementById(id);
  station?.scrollIntoView({ inline: "start", block: "nearest" });
  if (focus) {
    station?.querySelector("textarea")?.focus({ preventScroll: true });
  }
}

// -------------------- one thing at a time, where the screen is narrow

function show(view: string): void {
  document.body.dataset["view"] = view;
  document.querySelectorAll<HTMLElement>("[data-show]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset["show"] === view));
  });
  scrollToEnd(document);
}

document.querySelectorAll<HTMLElement>("[data-show]").forEach((button) => {
  button.addEventListener("click", () => show(button.dataset["show"]!));
});

document.addEventListener("click", (event) => {
  if ((event.target as Element).closest(".people a") && document.body.dataset["view"] === "guide") {
    show("chat");
  }
});

// -------------------- at the start

scrollToEnd(document);
const wanted = new URLSearchParams(location.search);
if (document.body.dataset["focus"]) {
  bringIntoView(document.body.dataset["focus"], false);
}
if (wanted.has("scenario") && !document.body.dataset["focus"]) {
  show("guide"); // a scene that has not been played here yet
  document.querySelector(".scene.chosen")?.scrollIntoView({ block: "nearest" });
}
if (wanted.has("exchange")) {
  show("wire");
  document.querySelectorAll<HTMLElement>(".wire").forEach(showOpened);
}

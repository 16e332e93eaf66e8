// Tickets that are ticked, to be changed at once. What is ticked is kept here: rows come and go with live updates.
import htmx from "htmx.org";

const bar = document.querySelector<HTMLElement>("#bulk");
const ticked = new Set<string>();
let everything = false;

function list(): HTMLElement {
  return document.querySelector<HTMLElement>("#tickets-list")!;
}

function boxes(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>("#tickets-list td.tick input")];
}

function show(): void {
  if (!bar) {
    return;
  }
  const all = document.querySelector<HTMLInputElement>("#tick-page");
  for (const box of boxes()) {
    box.checked = everything || ticked.has(box.value);
    box.closest("tr")!.classList.toggle("ticked", box.checked);
  }
  if (all) {
    const count = boxes().filter((box) => box.checked).length;
    all.checked = count > 0 && count === boxes().length;
    all.indeterminate = count > 0 && !all.checked;
  }
  bar.hidden = !everything && ticked.size === 0;
  bar.querySelector("#bulk-count")!.textContent = everything
    ? bar.dataset["all"]!
    : bar.dataset["some"]!.replace("{count}", String(ticked.size));
  bar.querySelector("[data-bulk-all]")!.setAttribute("aria-pressed", String(everything));
}

function clear(): void {
  ticked.clear();
  everything = false;
  show();
}

document.addEventListener("change", ({ target }) => {
  const box = target as HTMLInputElement;
  if (box.id === "tick-page") {
    boxes().forEach(({ value }) => (box.checked ? ticked.add(value) : ticked.delete(value)));
  } else if (box.matches?.("td.tick input")) {
    if (box.checked) {
      ticked.add(box.value);
    } else {
      ticked.delete(box.value);
    }
  } else {
    return;
  }
  everything = false;
  show();
});

document.addEventListener("click", ({ target }) => {
  const element = target as Element;
  const what = element.closest<HTMLElement>("[data-bulk]")?.dataset["bulk"];
  if (what) {
    ask(what);
  } else if (element.closest("[data-bulk-all]")) {
    everything = !everything;
    show();
  } else if (element.closest("[data-bulk-none]")) {
    clear();
  }
});

function ask(what: string): void {
  const values = everything ? { what, query: list().dataset["query"]! } : { what, ids: [...ticked].join(",") };
  const dialog = document.querySelector<HTMLDialogElement>("#many")!;
  void htmx.ajax("post", "/tickets/many/ask", { source: dialog, target: dialog, swap: "innerHTML", values }).then(() => {
    if (dialog.querySelector("h2")) {
      dialog.showModal();
    }
  });
}

// Who narrows the list otherwise means other tickets.
let query = bar ? list().dataset["query"] : "";
document.body.addEventListener("htmx:afterSwap", () => {
  if (bar && list().dataset["query"] !== query) {
    query = list().dataset["query"];
    clear();
  }
  show();
});
document.body.addEventListener("bulk-done", clear);
document.querySelector("#many")?.addEventListener("close", ({ target }) => (target as Element).replaceChildren());

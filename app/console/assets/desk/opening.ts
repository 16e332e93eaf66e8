// Choosing a conversation: its work is fetched, the list stays as it is.
import htmx from "htmx.org";
import { announce } from "./opened";
import { leave } from "./presence";
import { current } from "./work";

let opening = 0;

export async function open(id: string, address: string): Promise<void> {
  if (id === current()) {
    document.documentElement.classList.add("reading");
    return;
  }
  const mine = ++opening;
  leave();
  const query = new URL(address, location.href).search;
  await htmx.ajax("get", `/desk/${id}/work${query}`, { target: "#work", swap: "outerHTML" }).catch(() => undefined);
  if (mine === opening && current() === id) {
    history.replaceState(null, "", `/desk/${id}${query}`);
    begin();
  }
}

function begin(): void {
  const id = current();
  document.documentElement.classList.toggle("reading", id !== null);
  document.documentElement.classList.remove("with-context");
  mark();
  if (id) {
    announce(id);
  }
}

function mark(): void {
  const id = current();
  document.querySelectorAll<HTMLElement>("#list [data-open]").forEach((row) => {
    row.dataset["open"] === id ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current");
  });
}

document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-open]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    void open(link.dataset["open"]!, link.href);
  } else if ((event.target as Element).closest("[data-back]") && window.matchMedia("(max-width: 767px)").matches) {
    event.preventDefault();
    document.documentElement.classList.remove("reading");
  } else if ((event.target as Element).closest("[data-drawer]")) {
    document.documentElement.classList.toggle("with-context");
  }
});

document.body.addEventListener("htmx:afterSettle", mark);
// Scripts of modules run in the order of their imports: the others have said by now what they want to hear.
queueMicrotask(() => setTimeout(begin));

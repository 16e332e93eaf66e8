// Toasts: what went well for some seconds, what went wrong until it is closed or the next thing goes well.
//
// The service says what went well in a header: HX-Trigger: {"said": "已保存"}. What went wrong is {"error": "…"}.
import { showProblems } from "./fields";
import { words } from "./words";

const PATIENCE = 5_000; // milliseconds
interface Failed {
  elt: Element;
  successful: boolean;
  xhr: XMLHttpRequest;
  requestConfig: { verb: string };
}

/** Show a sentence. In an open dialog, toasts stand above it: they are moved into the top layer with it. */
export function toast(text: string, failed = false): void {
  const place = placeOf();
  const line = document.createElement("div");
  line.className = failed ? "toast failed" : "toast";
  if (failed) {
    line.setAttribute("role", "alert");
  }
  const said = document.createElement("span");
  said.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.ariaLabel = words.close;
  close.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#icon-cross"/></svg>';
  close.addEventListener("click", () => line.remove());
  line.append(said, close);
  for (const old of place.querySelectorAll(".toast")) {
    if (!failed || old.textContent === line.textContent) {
      old.remove();
    }
  }
  place.append(line);
  if (!failed) {
    setTimeout(() => line.remove(), PATIENCE);
  }
}

function placeOf(): HTMLElement {
  const place = document.getElementById("toasts")!;
  const dialog = document.querySelector("dialog[open]");
  (dialog ?? document.body).append(place);
  return place;
}

/** What a failed request says. */
export function reasonOf(xhr: XMLHttpRequest): string {
  try {
    const { error } = JSON.parse(xhr.responseText) as { error?: string };
    return error ?? words.failed(xhr.status);
  } catch {
    return words.failed(xhr.status);
  }
}

document.body.addEventListener("said", (event) => {
  const { value } = (event as CustomEvent<{ value?: string }>).detail;
  if (value) {
    toast(value);
  }
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { successful, requestConfig } = (event as CustomEvent<Failed>).detail;
  if (successful && requestConfig.verb !== "get") {
    document.querySelectorAll(".toast.failed").forEach((old) => old.remove());
  }
});

document.body.addEventListener("htmx:responseError", (event) => {
  const { elt, xhr, requestConfig } = (event as CustomEvent<Failed>).detail;
  if (!showProblems(elt, xhr) && (requestConfig.verb !== "get" || xhr.status < 500)) {
    toast(reasonOf(xhr), true); // what keeps itself fresh tries again without a word
  }
});

document.body.addEventListener("htmx:sendError", (event) => {
  if ((event as CustomEvent<Failed>).detail.requestConfig.verb !== "get") {
    toast(words.unreachable, true);
  }
});

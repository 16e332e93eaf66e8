// The form of a new ticket: what is in it is kept in the browser, with its key, until it was taken. A page that is loaded
// anew has it back, and says so.
const form = document.querySelector<HTMLFormElement>("#drafting");
const place = form?.dataset["draft"] ?? "";

function keep(): void {
  if (form) {
    const written = [...new FormData(form)].filter(([, value]) => typeof value === "string");
    sessionStorage.setItem(place, JSON.stringify(written));
  }
}

function restore(form: HTMLFormElement, written: [string, string][]): void {
  for (const [name, value] of written) {
    const field = form.elements.namedItem(name);
    if (
      field instanceof RadioNodeList || field instanceof HTMLInputElement ||
      field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement
    ) {
      field.value = value;
    }
  }
  for (const tags of form.querySelectorAll<HTMLElement>("[data-tags]")) {
    const field = tags.querySelector<HTMLInputElement>("input:not([type=hidden])")!;
    field.value = written.filter(([name]) => name === tags.dataset["tags"]).map(([, value]) => value).join(",");
    field.dispatchEvent(new Event("focusout", { bubbles: true })); // as if they were typed
  }
}

if (form) {
  const kept = sessionStorage.getItem(place);
  if (kept) {
    restore(form, JSON.parse(kept) as [string, string][]);
    document.querySelector<HTMLElement>("#draft-restored")!.hidden = false;
    addEventListener("load", () => form.querySelector("[data-hinted]")?.dispatchEvent(new Event("input", { bubbles: true })));
  }
  const keeping = new AbortController();
  form.addEventListener("input", keep, keeping);
  form.addEventListener("change", keep, keeping);
  form.addEventListener("click", keep, keeping); // a tag that is taken away, a guess that is taken over
  document.querySelector("#drops-draft")?.addEventListener("click", (event) => {
    event.stopPropagation();
    sessionStorage.removeItem(place);
    location.reload();
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr } = (event as CustomEvent<{ elt: Element; xhr: XMLHttpRequest }>).detail;
    // By the status: of an answer that leads elsewhere htmx does not say that it was successful.
    if (elt === form && xhr.status >= 200 && xhr.status < 300) {
      keeping.abort();
      sessionStorage.removeItem(place);
    }
  });
}

export {};

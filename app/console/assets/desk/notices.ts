// A template message: its key is the same for each attempt; what is doubtful is sent at the second. And views are saved.

interface Failed {
  elt: Element;
  xhr: XMLHttpRequest;
}

function form(): HTMLFormElement | null {
  return document.querySelector<HTMLFormElement>("#notice-form");
}

function input(name: string): HTMLInputElement | null {
  return form()?.querySelector<HTMLInputElement>(`[name="${name}"]`) ?? null;
}

document.body.addEventListener("htmx:configRequest", (event) => {
  const { elt, parameters } = (event as CustomEvent<{ elt: Element; parameters: Record<string, string> }>).detail;
  const key = input("key");
  if (elt === form() && key) {
    key.value ||= crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2) + Date.now();
    parameters["key"] = key.value;
  }
});

document.body.addEventListener("htmx:responseError", (event) => {
  const { elt, xhr } = (event as CustomEvent<Failed>).detail;
  if (elt === form() && /Doubtful/.test(xhr.responseText)) {
    input("doubtful")!.value = "yes";
  }
});

document.addEventListener("input", ({ target }) => {
  if (form()?.contains(target as Node)) {
    input("doubtful")!.value = ""; // another text
  }
});

document.body.addEventListener("changed", (event) => {
  const dialog = document.querySelector<HTMLDialogElement>("#filters");
  if ((event as CustomEvent<{ value?: string }>).detail.value === "views" && dialog?.open) {
    document.querySelector<HTMLInputElement>("#view-name")!.value = "";
    dialog.close();
  }
});

export {};

// What is wrong with a field stands below it, until it is changed: the service names the fields in {"fields": {…}}.

interface Failed {
  elt: Element;
  xhr: XMLHttpRequest;
}

document.body.addEventListener("htmx:responseError", (event) => {
  const { elt, xhr } = (event as CustomEvent<Failed>).detail;
  const form = elt.closest("form");
  if (form && xhr.status === 422) {
    const shown = Object.entries(fieldsOf(xhr)).map(([name, text]) => show(form, name, text));
    shown.find(Boolean)?.focus();
  }
});

// A form that went well is emptied (`data-clears`): what it holds should not stay on screen.
document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = (event as CustomEvent<{ elt: Element; successful: boolean }>).detail;
  if (successful && elt.matches("form[data-clears]")) {
    (elt as HTMLFormElement).reset();
  }
});

document.addEventListener("input", ({ target }) => clear(target as HTMLElement));

function fieldsOf(xhr: XMLHttpRequest): Record<string, string> {
  try {
    return (JSON.parse(xhr.responseText) as { fields?: Record<string, string> }).fields ?? {};
  } catch {
    return {};
  }
}

function show(form: HTMLFormElement, name: string, text: string): HTMLElement | null {
  const field = form.querySelector<HTMLElement>(`[name="${CSS.escape(name)}"]`);
  const entry = field?.closest<HTMLElement>(".entry");
  if (!field || !entry) {
    return null;
  }
  clear(field);
  const wrong = document.createElement("p");
  wrong.className = "wrong";
  wrong.id = `wrong-${name}`;
  wrong.textContent = text;
  entry.append(wrong);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", wrong.id);
  return field;
}

function clear(field: HTMLElement): void {
  field.closest(".entry")?.querySelector(".wrong")?.remove();
  field.removeAttribute("aria-invalid");
}

export {};

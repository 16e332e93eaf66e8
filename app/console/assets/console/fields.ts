// What is wrong with a field stands below it, until it is changed: the service names the fields in {"fields": {…}}.

/** Show what a failed request says of the fields of its form; false where there is nothing to show it at. */
export function showProblems(elt: Element, xhr: XMLHttpRequest): boolean {
  const form = elt.closest("form");
  const problems = form ? Object.entries(fieldsOf(xhr)) : [];
  const shown = problems.map(([name, text]) => show(form!, name, text));
  shown.find(Boolean)?.focus();
  return shown.length > 0 && shown.every(Boolean);
}

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

// What is written to a ticket, on its page or in a dialog: kept in the browser until it was taken, sent with Ctrl+Enter;
// what the list of words finds doubtful is sent at the second. Its key is the same for each attempt, and another for the
// next text.
import { reasonOf, toast } from "../console/toasts";
import { clearUploads, unready } from "../console/uploads";

interface Answered {
  elt: HTMLElement;
  xhr: XMLHttpRequest;
  requestConfig: { formData: FormData };
}

const place = document.querySelector<HTMLElement>("#sheet-writing");
const fields = document.querySelectorAll<HTMLTextAreaElement>("form[data-writes] textarea:not([name=remedies])");
let doubted: HTMLFormElement | null = null;

for (const field of fields) {
  field.value ||= sessionStorage.getItem(keyOf(field)) ?? "";
  field.addEventListener("input", () => {
    sessionStorage.setItem(keyOf(field), field.value);
    const doubtful = field.form?.querySelector<HTMLInputElement>("[data-doubtful]");
    if (doubtful) {
      doubtful.value = ""; // another text
    }
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
      event.preventDefault();
      field.form?.requestSubmit();
    }
  });
}

document.body.addEventListener("htmx:beforeRequest", (event) => {
  const why = (event as CustomEvent<Answered>).detail.elt.id === "telling" ? unready() : "";
  if (why) {
    event.preventDefault();
    toast(why, true);
  }
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr, requestConfig } = (event as CustomEvent<Answered>).detail;
  if (!(elt instanceof HTMLFormElement) || !("writes" in elt.dataset)) {
    return;
  }
  // By the status: of an answer that leads elsewhere htmx does not say that it was successful.
  if (xhr.status >= 200 && xhr.status < 300) {
    taken(elt, requestConfig.formData);
  } else if (xhr.getResponseHeader("x-refused")?.endsWith("Doubtful")) {
    doubted = elt;
    document.getElementById("doubtful-words")!.textContent = reasonOf(xhr);
    document.querySelector<HTMLDialogElement>("#doubtful")!.showModal();
  }
});

document.getElementById("send-doubtful")?.addEventListener("click", () => {
  const form = doubted;
  doubted = null;
  document.querySelector<HTMLDialogElement>("#doubtful")!.close();
  const field = form?.querySelector<HTMLInputElement>("[data-doubtful]");
  if (form && field) {
    field.value = "yes";
    form.requestSubmit();
  }
});

function taken(form: HTMLFormElement, sent: FormData): void {
  const written = [...form.querySelectorAll("textarea")].map((field) => [field, restOf(field, sent)] as const);
  form.reset();
  if (form.id === "telling") {
    clearUploads();
  }
  for (const [field, rest] of written) {
    field.value = rest || field.value;
    sessionStorage.removeItem(keyOf(field));
    if (rest) {
      sessionStorage.setItem(keyOf(field), rest);
    }
  }
  const key = form.querySelector<HTMLInputElement>("[data-key]");
  if (key) {
    key.value = crypto.randomUUID();
  }
}

/** What was typed while the rest was on its way. */
function restOf(field: HTMLTextAreaElement, sent: FormData): string {
  const text = String(sent.get(field.name) ?? "").replaceAll("\r\n", "\n");
  return field.value.startsWith(text) ? field.value.slice(text.length) : field.value;
}

function keyOf(field: HTMLTextAreaElement): string {
  return `${place!.dataset["draft"]}-${field.form!.id}`;
}

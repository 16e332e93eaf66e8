// Passwords can be shown, and a hint says when Caps Lock is on; <button data-fills='{"login": "lin"}'> fills a form.

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const toggle = target.closest<HTMLButtonElement>("[data-shows]");
  const fills = target.closest<HTMLElement>("[data-fills]")?.dataset["fills"];
  if (toggle) {
    const field = toggle.parentElement!.querySelector("input")!;
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    toggle.ariaPressed = String(shown);
    field.focus();
  } else if (fills) {
    for (const [name, value] of Object.entries(JSON.parse(fills) as Record<string, string>)) {
      document.querySelector<HTMLInputElement>(`input[name="${name}"]`)!.value = value;
    }
    document.querySelector<HTMLElement>("form.form [type=submit]")?.focus();
  }
});

document.addEventListener("submit", (event) => {
  // A password manager keeps what is in a field for passwords.
  (event.target as Element).querySelectorAll("[data-shows][aria-pressed=true]").forEach((toggle) => {
    toggle.parentElement!.querySelector("input")!.type = "password";
    toggle.ariaPressed = "false";
  });
});

for (const kind of ["keydown", "keyup"]) {
  document.addEventListener(kind, (event) => {
    const hint = document.querySelector<HTMLElement>("[data-caps]");
    if (hint && event instanceof KeyboardEvent) {
      hint.hidden = !event.getModifierState("CapsLock");
    }
  });
}

export {};

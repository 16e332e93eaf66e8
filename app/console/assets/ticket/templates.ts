// The fields of the template message that was chosen.

document.addEventListener("change", ({ target }) => {
  if (target instanceof HTMLSelectElement && "showsTemplate" in target.dataset) {
    for (const fields of target.form!.querySelectorAll<HTMLElement>("[data-template]")) {
      fields.hidden = fields.dataset["template"] !== target.value;
    }
  }
});

export {};

// <button data-guess='{"kind": "fault"}'>: what the service found out is put into the fields of the form.

document.addEventListener("click", ({ target }) => {
  const guess = (target as Element).closest<HTMLElement>("[data-guess]")?.dataset["guess"];
  if (!guess) {
    return;
  }
  for (const [name, value] of Object.entries(JSON.parse(guess) as Record<string, string | number>)) {
    const field = document.querySelector<HTMLInputElement | HTMLSelectElement>(`#t-${name}`);
    if (field && value !== "") {
      field.value = String(value);
    }
  }
});

export {};

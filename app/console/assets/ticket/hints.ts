// <button data-fills='{"kind": "fault"}'>: what the service found out is put into the fields of the form.

document.addEventListener("click", ({ target }) => {
  const fills = (target as Element).closest<HTMLElement>("[data-fills]")?.dataset["fills"];
  if (!fills) {
    return;
  }
  for (const [name, value] of Object.entries(JSON.parse(fills) as Record<string, string | number>)) {
    const field = document.querySelector<HTMLInputElement | HTMLSelectElement>(`#t-${name}`);
    if (field && value !== "") {
      field.value = String(value);
    }
  }
});

export {};

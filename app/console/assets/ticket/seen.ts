// Whoever has a ticket open in sight has seen what he was told of it.
const sheet = document.querySelector<HTMLElement>("#sheet");

async function see(): Promise<void> {
  if (!sheet || document.visibilityState !== "visible") {
    return;
  }
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf"]')!.content;
  await fetch(sheet.dataset["seen"]!, { method: "POST", headers: { "X-CSRF": token, "HX-Request": "true" } }).catch(() => undefined);
}

void see();
document.addEventListener("visibilitychange", () => void see());
document.body.addEventListener("htmx:afterSwap", ({ target }) => {
  if ((target as Element).id === "sheet-log") {
    void see();
  }
});

export {};

// <details class="menu">: one is open at a time; it closes with Escape, with a click elsewhere, and once it is used.

function closeAll(except: Element | null = null): void {
  document.querySelectorAll<HTMLDetailsElement>("details.menu[open]").forEach((menu) => {
    menu.open = menu === except;
  });
}

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const menu = target.closest("details.menu");
  closeAll(menu && !target.closest(".menu-item") ? menu : null);
});

document.addEventListener("keydown", (event) => {
  const open = document.querySelector<HTMLDetailsElement>("details.menu[open]");
  if (!open) {
    return;
  }
  if (event.key === "Escape") {
    open.open = false;
    open.querySelector("summary")!.focus();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    step(open, event.key === "ArrowDown" ? 1 : -1);
  }
});

document.addEventListener("focusin", ({ target }) => {
  closeAll((target as Element).closest("details.menu"));
});

function step(menu: HTMLElement, by: number): void {
  const items = [...menu.querySelectorAll<HTMLElement>(".menu-item")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[at < 0 ? (by > 0 ? 0 : items.length - 1) : (at + by + items.length) % items.length]?.focus();
}

export {};

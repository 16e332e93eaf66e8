// Tabs above the writing: one form is in sight, and arrows move between them.

document.addEventListener("click", ({ target }) => {
  const tab = (target as Element).closest<HTMLElement>('.modes [role="tab"]');
  if (tab) {
    choose(tab);
  }
});

document.addEventListener("keydown", (event) => {
  const tab = (event.target as Element).closest<HTMLElement>('.modes [role="tab"]');
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (tab && step) {
    const all = [...tab.parentElement!.querySelectorAll<HTMLElement>('[role="tab"]')];
    const next = all[(all.indexOf(tab) + step + all.length) % all.length]!;
    choose(next);
    next.focus();
  }
});

function choose(tab: HTMLElement): void {
  for (const other of tab.parentElement!.querySelectorAll('[role="tab"]')) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    document.getElementById(other.getAttribute("aria-controls")!)!.hidden = !chosen;
  }
  document.querySelector<HTMLElement>(`#${tab.getAttribute("aria-controls")} textarea`)?.focus();
}

export {};

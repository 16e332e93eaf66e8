// What stands beside a phone: its wire or its desk.

document.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLElement>("[data-side-show]");
  const station = button?.closest<HTMLElement>(".station");
  if (!button || !station) {
    return;
  }
  station.dataset["side"] = button.dataset["sideShow"];
  station.querySelectorAll<HTMLElement>("[data-side-show]").forEach((other) => {
    other.setAttribute("aria-pressed", String(other === button));
  });
});

// Clocks of those who wait: minutes that grow, amber from the first, red when it is too long.
import { words } from "./words";

const LATE = 5 * 60; // seconds

function tick(): void {
  document.querySelectorAll<HTMLTimeElement>("time[data-waits]").forEach((clock) => {
    const seconds = Math.max(0, (Date.now() - Date.parse(clock.dateTime)) / 1000);
    const minutes = Math.floor(seconds / 60);
    clock.classList.toggle("late", seconds >= LATE);
    clock.textContent = minutes < 1 ? words.waitsNow : words.waits(Math.floor(minutes / 60), minutes % 60);
  });
}

setInterval(tick, 10_000);
document.body.addEventListener("htmx:afterSettle", tick);
tick();

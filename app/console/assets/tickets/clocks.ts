// How long there is still, or by how much it is too late: <time data-due>, as app/console/tickets/labels.py writes it.
import { freshen } from "../live/fresh";
import { words } from "./words";

const MINUTE = 60_000; // milliseconds
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SOON = 2 * HOUR;

function tick(): void {
  let passed = false;
  document.querySelectorAll<HTMLTimeElement>("time[data-due]").forEach((clock) => {
    const left = Date.parse(clock.dateTime) - Date.now();
    const span = Math.abs(left);
    const [count, unit] =
      span >= 2 * DAY ? ([Math.floor(span / DAY), "day"] as const)
      : span >= HOUR ? ([Math.floor(span / HOUR), "hour"] as const)
      : ([Math.max(1, Math.floor(span / MINUTE)), "minute"] as const);
    passed ||= left < 0 && !clock.classList.contains("late");
    clock.classList.toggle("late", left < 0);
    clock.classList.toggle("soon", left >= 0 && left < SOON);
    clock.textContent = left < 0 ? words.late(count, unit) : words.left(count, unit);
  });
  if (passed) {
    freshen(new Set(["ticket"])); // nobody tells that a time has come
  }
}

setInterval(tick, 20_000);
document.body.addEventListener("htmx:afterSettle", tick);

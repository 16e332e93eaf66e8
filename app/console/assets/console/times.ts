// Relative times stay right: <time datetime data-ago> is written anew each minute, as app/console/times.py writes it.
import { words } from "./words";

const MINUTE = 60_000;
const clock = new Intl.DateTimeFormat("en-CA", {
  timeZone: "Asia/Shanghai",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

function parts(at: Date): Record<string, string> {
  return Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]));
}

function days(at: Record<string, string>): number {
  return Date.UTC(Number(at["year"]), Number(at["month"]) - 1, Number(at["day"])) / (24 * 60 * MINUTE);
}

/** 刚刚, 3 分钟前, 14:03, 昨天 14:03, 11-24 14:03, 2025-11-24 14:03 */
export function saidOf(at: Date, now: Date): string {
  const passed = now.getTime() - at.getTime();
  if (passed < MINUTE) {
    return words.justNow;
  }
  if (passed < 60 * MINUTE) {
    return words.minutes(Math.floor(passed / MINUTE));
  }
  const [then, today] = [parts(at), parts(now)];
  const time = `${then["hour"]}:${then["minute"]}`;
  const apart = days(today) - days(then);
  if (apart === 0) {
    return time;
  }
  if (apart === 1) {
    return `${words.yesterday} ${time}`;
  }
  const day = `${then["month"]}-${then["day"]} ${time}`;
  return then["year"] === today["year"] ? day : `${then["year"]}-${day}`;
}

setInterval(() => {
  const now = new Date();
  document.querySelectorAll<HTMLTimeElement>("time[data-ago]").forEach((element) => {
    element.textContent = saidOf(new Date(element.dateTime), now);
  });
}, MINUTE);

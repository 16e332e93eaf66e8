// The sentences that the scripts of tickets say themselves, in the language of the page.
const english = document.documentElement.lang === "en";

function many(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

type Unit = "day" | "hour" | "minute";
const chinese: Record<Unit, string> = { day: "天", hour: "小时", minute: "分钟" };

export const words = {
  late: (count: number, unit: Unit) => (english ? `${many(count, unit)} overdue` : `逾期 ${count} ${chinese[unit]}`),
  left: (count: number, unit: Unit) => (english ? `${many(count, unit)} left` : `还有 ${count} ${chinese[unit]}`),
};

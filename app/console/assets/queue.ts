// The queue over a day, as a picture with the exact figures in a table below it.
import "./desk/clocks";
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use, type ECharts } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { freshen } from "./live/fresh";

use([LineChart, BarChart, GridComponent, TooltipComponent, LegendComponent, CanvasRenderer]);

type Point = [time: string, waiting: number, longest: number, there: number, came: number, taken: number];
const EVERY = 60_000; // milliseconds
const place = document.querySelector<HTMLElement>("#chart")!;
const chart: ECharts = init(place);

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function draw(points: Point[]): void {
  const { waiting, there, came, taken } = place.dataset as Record<string, string>;
  const ink = colour("ink-faint");
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
    grid: { left: 40, right: 12, top: 34, bottom: 26 },
    legend: { top: 0, left: 0, textStyle: { color: ink } },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true }, // as HTML it would need inline styles
    xAxis: { type: "category", data: points.map(([time]) => time), axisLabel: { color: ink } },
    yAxis: { type: "value", minInterval: 1, axisLabel: { color: ink }, splitLine: { lineStyle: { color: colour("line") } } },
    series: [
      { name: came, type: "bar", stack: "moves", data: points.map((p) => p[4]), itemStyle: { color: colour("edge") } },
      { name: taken, type: "bar", data: points.map((p) => p[5]), itemStyle: { color: colour("done") } },
      { name: waiting, type: "line", step: "end", symbol: "none", data: points.map((p) => p[1]), itemStyle: { color: colour("waiting") }, lineStyle: { width: 2 }, areaStyle: { opacity: 0.15 } },
      { name: there, type: "line", step: "end", symbol: "none", data: points.map((p) => p[3]), itemStyle: { color: colour("accent") }, lineStyle: { width: 1.5, type: "dashed" } },
    ],
  });
}

function tell(points: Point[]): void {
  place.hidden = !points.some((point) => point[1] + point[3] + point[4] > 0);
  const title = document.querySelector<HTMLElement>("#over-day-title")!;
  const most = points.reduce<Point | null>((best, point) => (!best || point[1] > best[1] ? point : best), null);
  const longest = Math.max(0, ...points.map((point) => point[2]));
  const came = points.reduce((sum, point) => sum + point[4], 0);
  if (most && most[1] > 0) {
    title.textContent = title.dataset["some"]!.replace("{most}", String(most[1])).replace("{at}", most[0]).replace("{minutes}", String(longest));
  } else {
    // Who waits is counted once a minute: who came and was taken in between is in none of the counts.
    title.textContent = came > 0 ? title.dataset["few"]!.replace("{came}", String(came)) : title.dataset["none"]!;
  }
  const body = document.querySelector("#figures tbody")!;
  body.replaceChildren(
    ...points.map((point) => {
      const row = document.createElement("tr");
      row.append(...point.map((value) => Object.assign(document.createElement("td"), { textContent: String(value) })));
      return row;
    }),
  );
}

async function load(): Promise<void> {
  try {
    const answer = await fetch(`/queue/day?day=${place.dataset["day"]}`, { headers: { "HX-Request": "true" } });
    const { points } = (await answer.json()) as { points: Point[] };
    draw(points);
    tell(points);
  } catch {
    // The next minute tries again; what is shown stays.
  }
}

void load();
if (place.dataset["live"]) {
  setInterval(() => document.visibilityState === "visible" && void load(), EVERY);
}
setInterval(() => document.visibilityState === "visible" && freshen(new Set(["tick"])), 15_000);
window.addEventListener("resize", () => chart.resize());
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => void load());
document.querySelector("#day")?.addEventListener("change", ({ target }) => (target as HTMLInputElement).form?.requestSubmit());

// Figures about tickets: the pictures of the panels as they come, exact numbers on hover, bars that lead to the list.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use, type ECharts } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import htmx from "htmx.org";

use([LineChart, BarChart, GridComponent, TooltipComponent, LegendComponent, CanvasRenderer]);

interface Series {
  name: string;
  values: (number | null)[];
  colour: string;
  line: boolean;
}
interface Data {
  kind: "days" | "bars" | "columns";
  labels: string[];
  series: Series[];
  links: (string | null)[];
}

const ROW = 26; // pixels for each bar of those below each other
const LONGEST = 12; // characters of a name beside its bar
const charts = new Map<HTMLElement, ECharts>();

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function draw(place: HTMLElement): void {
  const data = JSON.parse(place.dataset["chart"]!) as Data;
  const bars = data.kind === "bars";
  const several = data.series.length > 1;
  if (bars) {
    place.style.height = `${data.labels.length * ROW * (several ? 1.4 : 1) + (several ? 70 : 40)}px`;
  }
  const chart = charts.get(place) ?? init(place);
  const isNew = !charts.has(place);
  charts.set(place, chart);
  const ink = colour("ink-faint");
  const names = {
    type: "category" as const,
    data: data.labels,
    inverse: bars,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: colour("line") } },
    axisLabel: { color: ink, ...(bars ? { formatter: shortened, interval: 0 } : {}) },
    triggerEvent: data.links.length > 0,
  };
  const numbers = {
    type: "value" as const,
    axisLabel: { color: ink },
    splitLine: { lineStyle: { color: colour("line") } },
    ...(Number.isInteger(data.series[0]?.values[0] ?? 0) ? { minInterval: 1 } : {}),
  };
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
    grid: { left: bars ? 8 : 4, right: 16, top: several ? 34 : 12, bottom: 4, containLabel: true },
    legend: { show: several, top: 0, left: 0, textStyle: { color: ink } },
    tooltip: { trigger: "axis", axisPointer: { type: data.kind === "days" ? "line" : "shadow" }, renderMode: "richText", confine: true, backgroundColor: colour("surface"), borderColor: colour("line"), textStyle: { color: colour("ink") } },
    xAxis: bars ? numbers : names,
    yAxis: bars ? names : numbers,
    series: data.series.map((each) => ({
      name: each.name,
      type: each.line ? ("line" as const) : ("bar" as const),
      data: each.values,
      symbol: "none",
      barMaxWidth: bars ? 16 : 36,
      itemStyle: { color: colour(each.colour) },
      ...(each.line ? { lineStyle: { width: 2 }, areaStyle: { opacity: 0.12 } } : {}),
    })),
  });
  chart.resize();
  if (isNew && data.links.length > 0) {
    place.classList.add("leads");
    chart.on("click", (event) => follow(data, event.componentType === "yAxis" ? data.labels.indexOf(String(event.value)) : event.dataIndex));
  }
}

function shortened(name: string): string {
  const letters = [...name];
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("")}…` : name;
}

function follow(data: Data, place: number): void {
  const link = data.links[place];
  if (link) {
    location.assign(link);
  }
}

function drawAll(within: ParentNode): void {
  within.querySelectorAll<HTMLElement>("[data-chart]").forEach(draw);
}

/** Whether a panel's numbers are on their way, or did not come. */
function tellState(figure: Element | null, failed: boolean): void {
  figure?.querySelector<HTMLElement>(".counts-still")?.toggleAttribute("hidden", failed);
  figure?.querySelector<HTMLElement>(".failed-once")?.toggleAttribute("hidden", !failed);
}

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(name, ({ target }) => tellState((target as Element).closest(".figure"), true));
}
document.body.addEventListener("click", ({ target }) => {
  const figure = (target as Element).closest("[data-again]")?.closest(".figure");
  if (figure) {
    tellState(figure, false);
    htmx.trigger(figure, "again");
  }
});
document.body.addEventListener("htmx:load", (event) => drawAll((event as CustomEvent<{ elt: HTMLElement }>).detail.elt));
window.addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(document));
document.querySelector("form[data-submits]")?.addEventListener("change", ({ currentTarget }) => (currentTarget as HTMLFormElement).requestSubmit());

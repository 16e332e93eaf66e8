// Which phones stand on the stage. The service knows; what is being written on those that stay is not touched.
import htmx from "htmx.org";
import { show } from "./views";

const PAGE = "/simulator";
const stage = document.querySelector<HTMLElement>("#stage")!;

let arranging: Promise<void> = Promise.resolve();

/** Make the stage hold the phones that the service has, in its order, without touching those that stay. */
export function arrange(): Promise<void> {
  arranging = arranging.then(arrangeOnce).catch(() => undefined); // the next change or reconnect tries again
  return arranging;
}

async function arrangeOnce(): Promise<void> {
  const answer = await fetch(`${PAGE}/roster`);
  if (!answer.ok) {
    return;
  }
  const ids = (await answer.json()) as string[];
  stage.querySelectorAll<HTMLElement>(".station").forEach((station) => {
    if (!ids.includes(station.id)) {
      station.remove();
    }
  });
  for (const id of ids) {
    if (!document.getElementById(id)) {
      await append(id);
    }
  }
}

async function append(id: string): Promise<void> {
  const answer = await fetch(`${PAGE}/phones/${id}`);
  if (answer.ok) {
    stage.insertAdjacentHTML("beforeend", await answer.text());
    htmx.process(document.getElementById(id)!);
  }
}

document.body.addEventListener("phones", () => void arrange());
document.body.addEventListener("refresh", () => void arrange());
document.body.addEventListener("show-phone", (event) => {
  const { id, scenario } = (event as CustomEvent<{ id: string; scenario: string | null }>).detail;
  const address = scenario ? `${PAGE}?scenario=${scenario}` : `${PAGE}?phone=${id}`;
  history.replaceState(null, "", address);
  void arrange().then(() => {
    show("chat");
    bringIntoView(id, scenario === null);
    showScene(scenario ?? "");
  });
});

export function showScene(name: string): void {
  document.getElementById(`scene-${name}`)?.scrollIntoView({ block: "nearest" });
}

export function bringIntoView(id: string, focus: boolean): void {
  const station = document.getElementById(id);
  station?.scrollIntoView({ inline: "start", block: "nearest" });
  if (focus) {
    station?.querySelector("textarea")?.focus({ preventScroll: true });
  }
}

// What is shown is fetched again until nothing has happened since the fetch began:
//
//   <div id="…" data-fresh="/console/list" data-on="message queue">
//
// is replaced by what its address answers after each live event of these names, and after `refresh`. One fetch at a time:
// an older answer never comes after a newer one. A fetch that failed is tried again; what the service refuses waits for
// the next event. `data-calm="150"` are milliseconds in which more may happen first.
//
// htmx's own triggers cannot do this: its queue of an element is thrown away when the element is processed anew, 20 ms
// after each swap, and what waited in it is lost.
import htmx from "htmx.org";

const SLOWEST = 15_000; // milliseconds between two attempts

interface State {
  stale: boolean; // something has happened that no fetch has begun after
  busy: boolean;
}

const states = new WeakMap<HTMLElement, State>();

/** Fetch again what depends on this event. */
export function freshen(event: string): void {
  document.querySelectorAll<HTMLElement>("[data-fresh]").forEach((element) => {
    if (event === "refresh" || element.dataset["on"]!.split(" ").includes(event)) {
      void keepFresh(element);
    }
  });
}

async function keepFresh(element: HTMLElement): Promise<void> {
  const state = states.get(element) ?? { stale: false, busy: false };
  states.set(element, state);
  state.stale = true;
  if (state.busy) {
    return;
  }
  state.busy = true;
  let failures = 0;
  while (state.stale && element.isConnected) {
    await pause(Number(element.dataset["calm"] ?? 0));
    state.stale = false;
    if (!(await renew(element))) {
      state.stale = true;
      failures += 1;
      await pause(Math.min(SLOWEST, 500 * 2 ** failures) * (0.5 + Math.random() / 2));
    }
  }
  state.busy = false;
}

/** Whether the service has answered, be it with a refusal. */
async function renew(element: HTMLElement): Promise<boolean> {
  let status = 0;
  function note(event: Event): void {
    const { elt, xhr } = (event as CustomEvent<{ elt: Element; xhr: XMLHttpRequest }>).detail;
    status = elt === element ? xhr.status : status;
  }
  element.addEventListener("htmx:afterRequest", note);
  const { fresh } = element.dataset;
  await htmx.ajax("get", fresh!, { source: element, target: element, swap: "morph:outerHTML" }).catch(() => undefined);
  element.removeEventListener("htmx:afterRequest", note);
  return status > 0 && status < 500;
}

function pause(milliseconds: number): Promise<void> {
  return milliseconds > 0 ? new Promise((resolve) => setTimeout(resolve, milliseconds)) : Promise.resolve();
}

// What is shown is fetched again until nothing has happened since the fetch began:
//
//   <div id="…" data-fresh="/console/list" data-on="message queue">
//
// is replaced by what its address answers after each live event of these names, and after `refresh`. One fetch at a time:
// an older answer never comes after a newer one. A fetch that failed, or is not answered, is tried again, at the latest
// when something happens; what the service refuses waits for that. `data-calm="150"` are milliseconds in which more may
// happen first. `data-apart="4000"` is for what costs much: the first thing that happens is shown at once, what follows
// so many milliseconds after it; a `tick`, by which a page says that time has passed, makes nothing wait.
//
// htmx's own triggers cannot do this: its queue of an element is thrown away when the element is processed anew
// after each swap, and what waited in it is lost.
import htmx from "htmx.org";

const SLOWEST = 15_000; // milliseconds between two attempts
const PATIENCE = 20_000; // milliseconds for an answer

interface State {
  stale: boolean; // something has happened that no fetch has begun after
  busy: boolean;
  happened: boolean; // more than a tick
  next: number; // on the page's clock: before then it is not fetched again
  wake?: () => void; // ends the pause after a failure
}

const states = new WeakMap<HTMLElement, State>();

/** Fetch again what depends on any of these events. */
export function freshen(events: ReadonlySet<string>): void {
  document.querySelectorAll<HTMLElement>("[data-fresh]").forEach((element) => {
    if (events.has("refresh") || element.dataset["on"]!.split(" ").some((name) => events.has(name))) {
      void keepFresh(element, events.size > 1 || !events.has("tick"));
    }
  });
}

async function keepFresh(element: HTMLElement, happened: boolean, inherits = false): Promise<void> {
  const state = states.get(element) ?? { stale: false, busy: false, happened: false, next: 0 };
  states.set(element, state);
  state.stale = true;
  state.happened ||= happened;
  if (state.busy) {
    state.wake?.();
    return;
  }
  state.busy = true;
  let failures = 0;
  while (state.stale && element.isConnected) {
    await pause(Math.max(Number(element.dataset["calm"] ?? 0), state.next - performance.now()));
    if (state.happened) {
      state.next = performance.now() + Number(element.dataset["apart"] ?? 0);
    }
    state.stale = state.happened = false;
    if (await renew(element)) {
      failures = 0;
    } else {
      state.stale = true;
      failures += 1;
      const longest = Math.min(SLOWEST, 500 * 2 ** failures);
      await Promise.race([pause(longest * (0.5 + Math.random() / 2)), new Promise<void>((wake) => (state.wake = wake))]);
    }
  }
  state.busy = false;
  if (!element.isConnected && !inherits) {
    passOn(element);
  }
}

/** What was replaced while it was fetched may have been replaced by something older: that is fetched once more. */
function passOn(element: HTMLElement): void {
  const heir = element.id ? document.getElementById(element.id) : null;
  if (heir?.dataset["fresh"]) {
    void keepFresh(heir, true, true);
  }
}

/** Whether the service has answered, be it with a refusal. */
async function renew(element: HTMLElement): Promise<boolean> {
  let status = 0;
  const own = new AbortController(); // of the two listeners
  element.addEventListener("htmx:configRequest", limit, own);
  element.addEventListener("htmx:afterRequest", note, own);

  function limit(event: Event): void {
    const { detail } = event as CustomEvent<{ elt: Element; timeout: number }>;
    if (detail.elt === element) {
      detail.timeout ||= PATIENCE;
    }
  }
  function note(event: Event): void {
    const { elt, xhr } = (event as CustomEvent<{ elt: Element; xhr: XMLHttpRequest }>).detail;
    status = elt === element ? xhr.status : status;
  }

  const { fresh } = element.dataset;
  await htmx.ajax("get", fresh!, { source: element, target: element, swap: "morph:outerHTML" }).catch(() => undefined);
  own.abort();
  return status > 0 && status < 500;
}

function pause(milliseconds: number): Promise<void> {
  return milliseconds > 0 ? new Promise((resolve) => setTimeout(resolve, milliseconds)) : Promise.resolve();
}

// Live updates: one connection a browser, not one a tab, because HTTP/1.1 allows six to a host. The tab that holds the
// lock connects and passes everything on; when it closes, the next one gets the lock. (Browsers do not freeze a tab
// in the background that holds a lock.)
//
// The server sends unnamed events {"kind": "message", "id": 12}, or an array of them, without content; `id` is null where
// no single thing is meant. On `document.body` each becomes the DOM events `message` and `message:12`; what names one in
// its `data-on` is fetched again (fresh.ts), once however many of an array it names. `refresh` means: something may have
// been missed, read everything again. <html data-live-state> is "open" or "lost", for styles.
import { freshen } from "./fresh";
import { keepOpen, type Listener } from "./stream";

type Told = { kind: string; id: number | string | null };
type Notice = { type: "opened" } | { type: "lost" } | { type: "received"; data: string } | { type: "joined" };

/** Follow the stream at `url`, together with all tabs of this browser that follow the same. */
export function follow(url: string): void {
  if (!("locks" in navigator) || !("BroadcastChannel" in window)) {
    keepOpen(url, local); // without HTTPS there are no locks: a connection for this tab alone
    return;
  }
  const channel = new BroadcastChannel(`live:${url}`);
  let state: Notice = { type: "lost" };
  let leading = false;

  function tell(notice: Notice): void {
    state = notice.type === "received" ? state : notice;
    channel.postMessage(notice);
    hear(notice);
  }

  channel.onmessage = ({ data: notice }: MessageEvent<Notice>) => {
    if (notice.type !== "joined") {
      hear(notice);
    } else if (leading) {
      channel.postMessage(state);
    }
  };
  channel.postMessage({ type: "joined" } satisfies Notice);
  void navigator.locks.request(`live:${url}`, () => {
    leading = true;
    keepOpen(url, {
      opened: () => tell({ type: "opened" }),
      lost: () => tell({ type: "lost" }),
      received: (data) => tell({ type: "received", data }),
    });
    return new Promise<never>(() => undefined); // held until the tab closes
  });
}

const local: Listener = {
  opened: () => hear({ type: "opened" }),
  lost: () => hear({ type: "lost" }),
  received: (data) => hear({ type: "received", data }),
};

function hear(notice: Notice): void {
  if (notice.type === "received") {
    const told = JSON.parse(notice.data) as Told | Told[];
    dispatch(Array.isArray(told) ? told : [told]);
  } else if (notice.type === "opened") {
    document.documentElement.dataset["liveState"] = "open";
    dispatch([{ kind: "refresh", id: null }]); // also at first: between the page's rendering and now, something may have changed
  } else if (notice.type === "lost") {
    document.documentElement.dataset["liveState"] = "lost";
  }
}

function dispatch(told: Told[]): void {
  const names = new Set<string>();
  for (const { kind, id } of told) {
    for (const name of id === null ? [kind] : [kind, `${kind}:${id}`]) {
      document.body.dispatchEvent(new CustomEvent(name, { detail: { id } }));
      names.add(name);
    }
  }
  freshen(names);
}

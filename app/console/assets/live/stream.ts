// An EventSource that does not give up: the browser's own reconnect ends for good at the first answer that is not a
// stream (a restart behind a proxy), and never notices a connection that died silently. Nor does it say why it was not
// let in; whose sign-in is over is brought where he can sign in again.

const SLOWEST = 15_000; // milliseconds between two attempts
const SILENCE = 50_000; // milliseconds; a server that pings must do so well within

export interface Listener {
  opened(): void;
  lost(): void;
  received(data: string): void;
}

/** Keep `url` open for as long as the page lives. `opened` is called at the first connection and at each later one. */
export function keepOpen(url: string, listener: Listener): void {
  let failures = 0;
  let watch = 0;

  function connect(): void {
    const source = new EventSource(url);
    let opened = false;

    function startOver(): void {
      source.close();
      clearTimeout(watch);
      listener.lost();
      failures += 1;
      if (!opened) {
        void leaveIfSignedOut(url);
      }
      // Spread, so that a thousand pages do not come back in the same instant.
      setTimeout(connect, Math.min(SLOWEST, 500 * 2 ** failures) * (0.5 + Math.random() / 2));
    }

    function heard(): void {
      clearTimeout(watch);
      watch = setTimeout(startOver, SILENCE);
    }

    source.onopen = () => {
      opened = true;
      failures = 0;
      listener.opened();
    };
    source.onerror = startOver;
    source.onmessage = (event: MessageEvent<string>) => listener.received(event.data);
    source.addEventListener("ping", heard); // the first one arms the watch: a server without pings is not suspected
  }

  connect();
}

async function leaveIfSignedOut(url: string): Promise<void> {
  const own = new AbortController();
  const answer = await fetch(url, { signal: own.signal }).catch(() => undefined); // the service is not there
  own.abort(); // its body would go on for ever
  if (answer?.status === 401) {
    location.reload(); // signing in leads back here
  }
}

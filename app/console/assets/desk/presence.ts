// Who has the conversation open, told to the others; and whether he is writing.
import { freshen } from "../live/fresh";
import { current, post } from "./work";
import { whenOpened } from "./opened";

const EVERY = 20_000; // milliseconds
const WRITING = 4_000;
const TICK = 10_000;
const SLOWLY = 3; // ticks
let told = 0;
let ticks = 0;

whenOpened((id) => void look(id, false));

function look(id: string, writing: boolean): Promise<unknown> {
  return post(`/desk/${id}/viewing`, { writing: writing ? "yes" : "" });
}

/** Somebody is typing: told at most every few seconds. */
export function noteWriting(): void {
  const id = current();
  if (id && Date.now() - told > WRITING) {
    told = Date.now();
    void look(id, true);
  }
}

export function leave(): void {
  const id = current();
  if (id) {
    void post(`/desk/${id}/leave`, {});
  }
}

setInterval(() => {
  const id = current();
  if (id && document.visibilityState === "visible") {
    void look(id, false);
  }
}, EVERY);

// Nobody tells when somebody stops to write, nor what happens where one is not concerned: lists of others' follow by
// the tick, what only counts them, or closes by the clock, less often.
setInterval(() => {
  if (document.visibilityState === "visible") {
    ticks += 1;
    freshen(new Set(["tick"]));
    if (ticks % SLOWLY === 0) {
      freshen(new Set(["slowly"]));
    }
    if (document.querySelector("#beside-who .writing")) {
      freshen(new Set([`viewing:${current()}`]));
    }
  }
}, TICK);

window.addEventListener("pagehide", () => {
  const id = current();
  if (id) {
    const csrf = document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
    navigator.sendBeacon(`/desk/${id}/leave`, new URLSearchParams({ csrf }));
  }
});

// Drafts: kept by the service a moment after the last key, so that a reload, another tab and another computer have them.
import { whenOpened } from "./opened";
import { words as told } from "./words";
import { current, field, post, work } from "./work";

const PAUSE = 500; // milliseconds
interface Draft {
  id: string;
  text: string;
  seen: number;
  revision: number;
}

const channel = "BroadcastChannel" in window ? new BroadcastChannel("desk-drafts") : null;
let timer = 0;
let waiting: Draft | null = null; // what is not kept yet
let revision = 0;
let seen = 0; // seq of the viewer's newest message when this draft was begun; 0 while nothing is written

/** The viewer's newest message that the draft knows of. */
export function draftSeen(): number {
  return seen || heard();
}

/** What the service will take for newer than this draft: nothing. */
export function draftRevision(): number {
  return revision;
}

function heard(): number {
  return Number(document.getElementById("log")?.dataset["heard"] ?? work().dataset["seen"] ?? 0);
}

whenOpened(() => {
  const words = field();
  revision = Number(words?.dataset["revision"] ?? 0);
  seen = words?.value ? Number(words.dataset["draftSeen"] || heard()) : 0;
  say("");
});

export function noteDraft(): void {
  const id = current();
  const words = field();
  if (!id || !words) {
    return;
  }
  seen = words.value.trim() === "" ? 0 : seen || heard();
  revision = Math.max(revision + 1, Date.now()); // of two tabs, whoever wrote last
  waiting = { id, text: words.value, seen: seen || heard(), revision };
  channel?.postMessage(waiting);
  say("");
  clearTimeout(timer);
  timer = window.setTimeout(() => void keep(), PAUSE);
}

/** Write what is not kept yet, at once. */
export async function keep(): Promise<void> {
  clearTimeout(timer);
  const draft = waiting;
  waiting = null;
  if (!draft) {
    return;
  }
  const refused = await post(`/desk/${draft.id}/draft`, {
    text: draft.text,
    seen: String(draft.seen),
    revision: String(draft.revision),
  });
  if (refused && !waiting) {
    waiting = refused.status === 0 || refused.status >= 500 ? draft : null;
    timer = window.setTimeout(() => void keep(), 3000);
  }
  if (draft.id === current()) {
    say(refused ? told.draftLost : draft.text.trim() ? told.draftKept : "");
  }
}

/** It was sent, or read anew: nothing is begun. */
export function forgetDraft(): void {
  clearTimeout(timer);
  waiting = null;
  seen = 0;
  revision = Math.max(revision + 1, Date.now());
  const id = current();
  if (id) {
    channel?.postMessage({ id, text: "", seen: 0, revision } satisfies Draft);
  }
  say("");
}

function say(words: string): void {
  const place = document.getElementById("draft-state");
  if (place) {
    place.textContent = words;
  }
}

if (channel) {
  channel.onmessage = ({ data }: MessageEvent<Draft>) => {
    const words = field();
    if (words && data.id === current() && data.revision > revision) {
      revision = data.revision;
      seen = data.text ? data.seen : 0;
      words.value = data.text;
      words.dispatchEvent(new CustomEvent("desk:shown", { bubbles: true }));
    }
  };
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") {
    void keep();
  }
});
window.addEventListener("pagehide", () => {
  if (waiting) {
    const { id, text: words, seen: known, revision: number } = waiting;
    const csrf = document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
    const form = new URLSearchParams({ text: words, seen: String(known), revision: String(number), csrf });
    navigator.sendBeacon(`/desk/${id}/draft`, form);
  }
});

// The conversation that is open, and how things are said to the service about it.
import { freshen } from "../live/fresh";
import { words } from "./words";

export interface Refusal {
  status: number; // 0: not reached
  kind: string; // the name of the error's class
  words: string;
}

export function work(): HTMLElement {
  return document.getElementById("work")!;
}

/** The id of the open conversation, or null. */
export function current(): string | null {
  return work().dataset["id"] ?? null;
}

export function field(): HTMLTextAreaElement | null {
  return document.querySelector<HTMLTextAreaElement>("#words");
}

/** What the open conversation is called in live events. */
export function refresh(id: string): void {
  freshen(new Set([`conversation:${id}`]));
}

function csrf(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
}

/** Post a form; null where it was taken. */
export async function post(address: string, values: Record<string, string | string[]>): Promise<Refusal | null> {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      body.append(name, each);
    }
  }
  try {
    const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRF": csrf(), "HX-Request": "true" } });
    return answer.ok ? null : await refusal(answer);
  } catch {
    return { status: 0, kind: "", words: words.unreachable };
  }
}

export async function refusal(answer: Response): Promise<Refusal> {
  if (answer.status === 401) {
    location.reload(); // signed out meanwhile: signing in leads back here
  }
  const told = (await answer.json().catch(() => ({}))) as { error?: string };
  return { status: answer.status, kind: answer.headers.get("X-Refused") ?? "", words: told.error ?? words.unreachable };
}

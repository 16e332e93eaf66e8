// The reply box: whether one may write, in which mode, how long, and what becomes of it.
import { clearUploads, tickets, unready } from "../console/uploads";
import { draftRevision, draftSeen, forgetDraft, keep, noteDraft } from "./drafts";
import { whenOpened } from "./opened";
import { noteWriting } from "./presence";
import { words as told } from "./words";
import { current, field, post, refresh, type Refusal, work } from "./work";

type Mode = "reply" | "note";
let mode: Mode = "reply";
let sending = false;
let reply = ""; // what stands in the other mode's field meanwhile
let note = "";

whenOpened(() => {
  mode = "reply";
  note = "";
  sending = false;
  clearUploads();
  apply();
  fit();
});

function stance(): string {
  return document.getElementById("bar")?.dataset["stance"] ?? "";
}

/** Whether a word to the viewer may leave from here; a colleague's conversation only after a question. */
function maySpeak(): boolean {
  return work().dataset["speaks"] === "yes" && ["own", "colleague"].includes(stance());
}

function apply(): void {
  const words = field();
  const form = document.getElementById("reply");
  if (!words || !form) {
    return;
  }
  const open = mode === "note" || maySpeak();
  form.dataset["mode"] = mode;
  form.classList.toggle("closed", !open);
  words.readOnly = !open;
  const own = mode === "note" || stance() === "own";
  words.placeholder = own ? (words.dataset[mode] ?? "") : (told.barred[work().dataset["speaks"] === "yes" ? stance() : "reader"] ?? "");
  words.setAttribute("aria-label", told.labels[mode]);
  document.querySelectorAll<HTMLElement>("[data-mode][role=tab]").forEach((tab) => {
    tab.setAttribute("aria-selected", String(tab.dataset["mode"] === mode));
  });
  const send = document.querySelector<HTMLButtonElement>("#send")!;
  send.disabled = !open || sending;
  send.textContent = told.send[mode];
}

function turn(to: Mode): void {
  const words = field();
  if (!words) {
    return;
  }
  if (to !== mode) {
    if (mode === "reply") {
      reply = words.value;
      void keep();
    } else {
      note = words.value;
    }
    mode = to;
    words.value = to === "reply" ? reply : note;
  }
  apply();
  fit();
  words.focus();
  words.setSelectionRange(words.value.length, words.value.length);
}

function fit(): void {
  const words = field();
  const length = document.getElementById("length");
  if (!words || !length) {
    return;
  }
  words.rows = Math.max(3, Math.min(10, words.value.split("\n").length));
  const limit = Number(work().dataset["limit"] ?? 0); // bytes of one message of this channel
  const bytes = new TextEncoder().encode(words.value).length;
  const pieces = Math.ceil(bytes / limit);
  length.textContent = mode === "reply" && bytes > limit * 0.7 ? (pieces > 1 ? told.pieces(pieces) : told.left(Math.floor((limit - bytes) / 3))) : "";
  length.classList.toggle("over", pieces > 1);
}

document.addEventListener("input", ({ target }) => {
  if (target === field()) {
    fit();
    complain("");
    if (mode === "reply") {
      noteDraft();
      noteWriting();
    }
  }
});
document.addEventListener("desk:shown", fit);

document.addEventListener("keydown", (event) => {
  if (event.target === field() && event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
    event.preventDefault();
    void send({});
  }
});

document.addEventListener("submit", (event) => {
  if ((event.target as Element).id === "reply") {
    event.preventDefault();
    void send({});
  }
});

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const tab = target.closest<HTMLElement>("[data-mode][role=tab]");
  const insert = target.closest<HTMLElement>("[data-insert]");
  const tool = target.closest<HTMLElement>("[data-tool]")?.dataset["tool"];
  if (tab) {
    turn(tab.dataset["mode"] as Mode);
  } else if (insert) {
    put(insert.dataset["insert"]!);
  } else if (tool === "emoji") {
    show("emoji", Boolean(document.getElementById("emoji")?.hidden));
  } else if (target.closest("#send-anyway")) {
    again(target, { stale: "yes" });
  } else if (target.closest("#send-doubtful")) {
    again(target, { doubtful: "yes" });
  } else if (target.closest("#send-stepping-in")) {
    again(target, { step_in: "yes" });
  } else if (!target.closest("#emoji")) {
    show("emoji", false);
  }
});

function show(panel: string, open: boolean): void {
  const place = document.getElementById(panel);
  if (place) {
    place.hidden = !open;
    document.querySelector(`[aria-controls="${panel}"]`)?.setAttribute("aria-expanded", String(open));
  }
}

/** Put words where the cursor is. */
export function put(words: string): void {
  const place = field();
  if (place && !place.readOnly) {
    place.setRangeText(words, place.selectionStart, place.selectionEnd, "end");
    place.dispatchEvent(new Event("input", { bubbles: true }));
    place.focus();
  }
}

// -------------------- sending

let given: Record<string, string> = {}; // what was confirmed for this text so far
let key = ""; // the same for each attempt at it, so that a repeat is no second message

function again(button: Element, confirmed: Record<string, string>): void {
  button.closest("dialog")?.close();
  void send(confirmed);
}

async function send(confirmed: Record<string, string>): Promise<void> {
  const id = current();
  const words = field();
  const files = mode === "reply" ? tickets() : [];
  if (!id || !words || sending || words.readOnly) {
    return;
  }
  const unfinished = mode === "reply" ? unready() : "";
  if (unfinished) {
    complain(unfinished);
    return;
  }
  const value = words.value;
  if (value.trim() === "" && files.length === 0) {
    return;
  }
  given = { ...given, ...confirmed };
  key ||= crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2) + Date.now();
  sending = true;
  apply();
  const where = mode;
  const refused =
    where === "note"
      ? await post(`/desk/${id}/note`, { text: value })
      : await post(`/desk/${id}/send`, { text: value, file: files, seen: String(draftSeen()), revision: String(draftRevision()), key, ...given });
  sending = false;
  if (current() !== id) {
    return; // another conversation is open; the draft of this one is kept if it was refused
  }
  refused ? refuse(refused) : done(where, value);
  apply();
  refresh(id);
}

function done(where: Mode, value: string): void {
  given = {};
  key = "";
  complain("");
  const words = field()!;
  if (words.value === value) {
    words.value = ""; // whoever typed on meanwhile keeps it
  }
  if (where === "note") {
    note = "";
    turn("reply");
    return;
  }
  clearUploads();
  forgetDraft();
  fit();
  words.focus();
}

function refuse(refused: Refusal): void {
  const dialogs: Record<string, string> = { NewMessages: "stale", WordDoubtful: "doubtful", CardDoubtful: "doubtful", BlankDoubtful: "doubtful", NotYours: "step-in", ConversationTaken: "step-in" };
  const name = dialogs[refused.kind];
  if (name) {
    document.getElementById(`${name}-words`)!.textContent = refused.words;
    document.querySelector<HTMLDialogElement>(`#${name}`)!.showModal();
  } else {
    given = {};
    complain(refused.words);
  }
}

function complain(words: string): void {
  const place = document.getElementById("composer-error");
  if (place) {
    place.textContent = words;
    place.hidden = words === "";
  }
  if (words === "") {
    given = {};
    key = sending ? key : "";
  }
}

document.body.addEventListener("htmx:oobAfterSwap", (event) => {
  if ((event as CustomEvent<{ target: HTMLElement }>).detail.target.id === "bar") {
    apply();
  }
});

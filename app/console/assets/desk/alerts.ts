// What must be noticed while one looks elsewhere: the title counts, a short sound, a notification of the system.
import { words } from "./words";

const SOUND = "desk-sound"; // in the browser's storage: "off"
const title = document.title;
let before: { mine: number; queue: number } | null = null;

function look(): void {
  const views = document.getElementById("views");
  if (!views) {
    return;
  }
  // In the list of one's own the list is the fresher one: only there it follows what is said.
  const unread = document.getElementById("list")?.dataset["unread"] ?? views.dataset["unread"];
  const now = { mine: Number(unread ?? 0), queue: Number(views.dataset["queue"] ?? 0) };
  const waiting = now.mine + now.queue;
  document.title = waiting > 0 ? `(${waiting > 99 ? "99+" : waiting}) ${title}` : title;
  if (before && (now.mine > before.mine || (now.queue > before.queue && before.queue === 0))) {
    ring();
    tell(now.mine > before.mine ? words.notifyMine : words.notifyQueue);
  }
  before = now;
}

function ring(): void {
  if (localStorage.getItem(SOUND) === "off") {
    return;
  }
  try {
    const sound = new AudioContext();
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    tone.frequency.value = 880;
    volume.gain.setValueAtTime(0.06, sound.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.0001, sound.currentTime + 0.35);
    tone.connect(volume).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + 0.36);
    tone.onended = () => void sound.close();
  } catch {
    // No sound device, or the page was never touched: the counter says it all the same.
  }
}

function tell(what: string): void {
  if (document.visibilityState === "hidden" && "Notification" in window && Notification.permission === "granted") {
    const notification = new Notification(what, { tag: "desk" });
    notification.onclick = () => window.focus();
  }
}

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  if (target.closest("[data-sound]")) {
    localStorage.setItem(SOUND, localStorage.getItem(SOUND) === "off" ? "on" : "off");
    show();
  } else if (target.closest("[data-notify]") && "Notification" in window) {
    void Notification.requestPermission().then(show);
  }
});

function show(): void {
  document.querySelectorAll<HTMLElement>("[data-sound]").forEach((button) => {
    button.setAttribute("aria-pressed", String(localStorage.getItem(SOUND) !== "off"));
  });
  document.querySelectorAll<HTMLElement>("[data-notify]").forEach((button) => {
    button.hidden = !("Notification" in window) || Notification.permission !== "default";
  });
}

document.body.addEventListener("htmx:afterSettle", () => {
  look();
  show();
});
look();
show();

// Which app a phone shows: the screen says it, and the composer follows. What was being written in an app is kept for
// when the phone comes back to it.
import htmx from "htmx.org";

const drafts = new Map<string, string>(); // by phone and app

function follow(screen: HTMLElement): void {
  const phone = screen.id.replace(/-screen$/, "");
  const composer = document.getElementById(`${phone}-composer`);
  const app = screen.dataset["app"]!;
  if (!composer || composer.dataset["app"] === app || composer.dataset["wanted"] === app) {
    return;
  }
  composer.dataset["wanted"] = app; // asked for once, however often the screen is swapped meanwhile
  drafts.set(`${phone} ${composer.dataset["app"]}`, composer.querySelector("textarea")!.value);
  void htmx
    .ajax("get", `/simulator/phones/${phone}/composer`, { target: composer, swap: "outerHTML" })
    .then(() => resume(phone, app))
    .catch(() => delete composer.dataset["wanted"]);
}

function resume(phone: string, app: string): void {
  const field = document.querySelector<HTMLTextAreaElement>(`#${phone}-composer textarea`);
  const draft = drafts.get(`${phone} ${app}`);
  if (field && draft) {
    field.value = draft;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  document.querySelectorAll<HTMLElement>(`#${phone}-screen`).forEach(follow); // it may have moved on
}

document.body.addEventListener("htmx:afterSettle", () => {
  document.querySelectorAll<HTMLElement>(".screen").forEach(follow);
});

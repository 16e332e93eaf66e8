// The page of what has not left: an error is said above the lists until something goes well.
import { reason, UNREACHABLE } from "./simulator/reasons";

interface Detail {
  xhr: XMLHttpRequest;
  requestConfig: { verb: string };
  successful: boolean;
}

const place = document.querySelector<HTMLElement>("[data-error]")!;

function say(text: string): void {
  place.textContent = text;
  place.hidden = text === "";
}

document.body.addEventListener("htmx:responseError", (event) => say(reason((event as CustomEvent<Detail>).detail.xhr)));
document.body.addEventListener("htmx:sendError", () => say(UNREACHABLE));
document.body.addEventListener("htmx:afterRequest", (event) => {
  const { successful, requestConfig } = (event as CustomEvent<Detail>).detail;
  if (successful && requestConfig.verb === "post") {
    say("");
  }
});

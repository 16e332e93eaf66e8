// Errors, said where they happened.
import { reason, UNREACHABLE } from "./reasons";
import { keepAtEnd } from "./scrolling";
import { arrange } from "./stage";

interface Detail {
  elt: HTMLElement;
  xhr: XMLHttpRequest;
  requestConfig: { verb: string };
  successful: boolean;
}

document.body.addEventListener("htmx:responseError", (event) => {
  const detail = (event as CustomEvent<Detail>).detail;
  if (detail.xhr.status === 404 && detail.xhr.responseURL.includes("/phones/")) {
    void arrange(); // a phone that is gone: another tab took it away, or the service was started anew
  } else {
    say(detail, reason(detail.xhr));
  }
});

document.body.addEventListener("htmx:sendError", (event) => {
  say((event as CustomEvent<Detail>).detail, UNREACHABLE);
});

// What a person did wrong stays until he does something right; the page's own failures end with its next success.
document.body.addEventListener("htmx:afterRequest", (event) => {
  const detail = (event as CustomEvent<Detail>).detail;
  const place = placeOf(detail.elt);
  if (detail.successful && place && (detail.requestConfig.verb === "post" || place.dataset["verb"] === "get")) {
    say(detail, "");
  }
});

function placeOf(elt: Element): HTMLElement | null {
  const around = elt.closest(".desk-panel") ?? elt.closest(".station") ?? document;
  return around.querySelector<HTMLElement>("[data-error]");
}

function say({ elt, requestConfig }: Detail, text: string): void {
  const place = placeOf(elt);
  if (place) {
    place.textContent = text;
    place.hidden = text === "";
    place.dataset["verb"] = requestConfig.verb;
    keepAtEnd();
  }
}

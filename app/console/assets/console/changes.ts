// What an own change touches is fetched again without waiting for the live event: HX-Trigger: {"changed": "people"}.
import { freshen } from "../live/fresh";

document.body.addEventListener("changed", (event) => {
  const { value } = (event as CustomEvent<{ value?: string }>).detail;
  if (value) {
    freshen(new Set([value]));
  }
});

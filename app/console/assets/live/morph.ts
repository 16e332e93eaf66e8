// What a person opened or closed stays so when its part of the page is fetched again: the service, which renders every
// <details> closed, does not know of it.
import { Idiomorph } from "idiomorph/htmx";

Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) =>
  !(name === "open" && element instanceof HTMLDetailsElement);

// The simulator's page: what its fragments cannot do by themselves.
import "./simulator/composer";
import "./simulator/errors";
import { scrollToEnd, showOpened } from "./simulator/scrolling";
import { bringIntoView } from "./simulator/stage";
import { show } from "./simulator/views";

scrollToEnd(document);
const wanted = new URLSearchParams(location.search);
if (document.body.dataset["focus"]) {
  bringIntoView(document.body.dataset["focus"], false);
}
if (wanted.has("scenario") && !document.body.dataset["focus"]) {
  show("guide"); // a scene that has not been played here yet
  document.querySelector(".scene.chosen")?.scrollIntoView({ block: "nearest" });
}
if (wanted.has("exchange")) {
  show("wire");
  document.querySelectorAll<HTMLElement>(".wire").forEach(showOpened);
}

// The simulator's page: what its fragments cannot do by themselves.
import "./simulator/apps";
import "./simulator/choice";
import "./simulator/composer";
import "./simulator/errors";
import "./simulator/files";
import "./simulator/folds";
import "./simulator/menus";
import "./simulator/sides";
import { scrollToEnd, showOpened } from "./simulator/scrolling";
import { bringIntoView, showScene } from "./simulator/stage";
import { show } from "./simulator/views";

scrollToEnd(document);
const wanted = new URLSearchParams(location.search);
if (document.body.dataset["focus"]) {
  bringIntoView(document.body.dataset["focus"], false);
}
if (wanted.has("scenario")) {
  if (!document.body.dataset["focus"]) {
    show("guide"); // a scene that has not been played here yet
  }
  showScene(wanted.get("scenario")!);
}
if (wanted.has("exchange")) {
  show("wire");
  document.querySelectorAll<HTMLElement>(".wire").forEach(showOpened);
}

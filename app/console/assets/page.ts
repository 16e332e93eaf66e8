// On every page: htmx with its morphing swap, and live updates where the page names a stream:
// <body hx-ext="morph" data-live="/console/events">.
import "htmx.org";
import { follow } from "./live/follow";
import "./live/morph";

const stream = document.body.dataset["live"];
if (stream) {
  follow(stream);
}

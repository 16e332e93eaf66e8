// What every page of the console does by itself, besides htmx and live updates (page.ts).
import "./console/changes";
import "./console/confirming";
import "./console/copying";
import "./console/csrf";
import "./console/dialogs";
import "./console/fields";
import "./console/menus";
import "./console/passwords";
import "./console/tags";
import "./console/times";
import "./console/toasts";

// The page of one ticket, and the form of a new one.
import "./ticket/drafts";
import "./ticket/modes";
import "./ticket/writing";
import "./ticket/hints";
import "./ticket/seen";
import "./ticket/templates";

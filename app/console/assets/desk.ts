// The desk: what its fragments cannot do by themselves.
import "./desk/alerts";
import "./desk/clocks";
import "./desk/composer";
import "./desk/dialogs";
import "./desk/keys";
import "./desk/notices";
import "./desk/opening";
import "./desk/presence";
import "./desk/quick";
import "./desk/suggestions";
import "./desk/thread";

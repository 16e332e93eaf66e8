"""The inner view: what the service did with a push that the simulator sent, as the webhook's observer tells it."""

from collections.abc import Callable
from time import perf_counter

from app.dialogue.endpoints import Observation
from app.dialogue.push import Key
from app.simulator.exchanges import Attempt, PushExchange


class Inner:
    """Hears of every push of the process and keeps what belongs to an exchange that is going on."""

    def __init__(self) -> None:
        self._watched: dict[Key, tuple[PushExchange, Callable[[], None]]] = {}

    def watch(self, exchange: PushExchange, on_seen: Callable[[], None]) -> None:
        self._watched[exchange.pushed] = exchange, on_seen

    def forget(self, exchange: PushExchange) -> None:
        self._watched.pop(exchange.pushed, None)

    def observe(self, seen: Observation) -> None:
        exchange, on_seen = self._watched.get(seen.push.key, (None, None))
        attempt = _begun_before(exchange, seen.arrived) if exchange else None
        if attempt is not None and on_seen is not None:
            attempt.seen = seen
            on_seen()


def _begun_before(exchange: PushExchange, arrived: float) -> Attempt | None:
    """The attempt whose request this was: the last that had begun; a slow answer may come after the next began."""
    begun = [attempt for attempt in exchange.attempts if attempt.started <= arrived <= perf_counter()]
    return begun[-1] if begun else None

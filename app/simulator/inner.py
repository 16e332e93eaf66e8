"""The inner view: what the service did with a push that the simulator sent, as the webhook's observer tells it."""

from time import perf_counter

from app.dialogue.endpoints import Observation
from app.dialogue.push import Key
from app.simulator.phones import Attempt, PushExchange


class Inner:
    """Hears of every push of the process and keeps what belongs to an exchange that is going on."""

    def __init__(self) -> None:
        self._watched: dict[Key, PushExchange] = {}

    def watch(self, exchange: PushExchange) -> None:
        self._watched[exchange.channel_id, exchange.key] = exchange

    def forget(self, exchange: PushExchange) -> None:
        self._watched.pop((exchange.channel_id, exchange.key), None)

    def observe(self, seen: Observation) -> None:
        exchange = self._watched.get(seen.push.key)
        if exchange is None:
            return
        attempt = _begun_before(exchange, seen.arrived)
        if attempt is not None:
            attempt.seen = seen


def _begun_before(exchange: PushExchange, arrived: float) -> Attempt | None:
    """The attempt whose request this was: the last that had begun; a slow answer may come after the next began."""
    begun = [attempt for attempt in exchange.attempts if attempt.started <= arrived <= perf_counter()]
    return begun[-1] if begun else None

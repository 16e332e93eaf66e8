"""The limits against the played platform, which counts for itself."""

from app.channels.qq import limits
from app.channels.qq.addresses import Scene
from app.simulator.qq import judging
from app.simulator.qq.ledger import WINDOWS


def test_we_count_as_the_platform_does() -> None:
    ours = {scene: (allowance.valid, allowance.messages) for scene, allowance in limits.ALLOWANCES.items()}
    assert ours == WINDOWS
    assert all(not allowance.restarts for allowance in limits.ALLOWANCES.values())
    assert limits.RATES[f"{Scene.c2c}{limits.ACTIVE}"].per_minute == judging.OF_THE_BOT
    assert limits.TEXT_BYTES < judging.LONGEST


def test_an_acknowledgement_leaves_before_the_platform_gives_up() -> None:
    assert limits.CAPABILITY.passive_window < limits.PUSH_SECONDS < limits.CAPABILITY.last_retry
    assert not limits.CAPABILITY.passive_reply

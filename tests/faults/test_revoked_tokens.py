"""The platforms take their credentials back while all processes send with them."""

from tests.faults.desk import Desk
from tests.faults.talking import begin_to_speak, reckon, to_say

PATIENT = ("set@app.conversations.calling:TIMEOUT=8", "set@app.conversations.calling:LONGEST=12")
"""A token that a busy machine brings late must not be asked for again."""


async def test_each_is_replaced_once_for_all_processes(desk: Desk, full: bool) -> None:
    said = await to_say(desk, 4_000 if full else 160)
    await desk.platforms.tell(latency=0.03)
    await desk.start(*PATIENT, count=1 if desk.installation.embedded else 3)
    speaking = begin_to_speak(desk, said)
    await desk.settled(len(said) // 3)
    await desk.platforms.tell(revoke=True)
    await speaking
    await desk.all_done()
    rows = await reckon(desk, said)
    assert {row.state for row in rows} == {"sent"}
    assert {name: account.tokens for name, account in (await desk.platforms.look()).items()} == {"wechat": 2, "qq": 2}

"""The played platform as a process of its own."""

import httpx

from tests.fakes.qq import APP_ID, SECRET, control, process


async def test_a_child_process_is_ruled_over_http() -> None:
    with process() as url:
        async with httpx.AsyncClient(base_url=url, timeout=20) as http:
            await control(http, url, bot={"app_id": APP_ID, "secret": SECRET, "domains": ["example.com"]})
            said = {"scene": "c2c", "target": "U1", "person": "U1", "text": "在吗"}
            reply = (await control(http, url, says=said))["reply"]
            await control(http, url, place={"scene": "group", "id": "G1", "proactive": False}, latency=0.001)
            await control(http, url, plan={"c2c": [["code", 40034004], None]}, shares={"group": [["status", 502, 1.0]]})

            asked = {"appId": APP_ID, "clientSecret": SECRET}
            token = (await http.post("/app/getAppAccessToken", json=asked)).json()["access_token"]
            headers = {"Authorization": f"QQBot {token}"}
            text = {"content": "您好", "msg_id": reply}
            heard = [await http.post("/v2/users/U1/messages", json=text, headers=headers) for _ in range(2)]
            assert [answer.status_code for answer in heard] == [400, 200]
            assert (await http.post("/v2/groups/G1/messages", json=text, headers=headers)).status_code == 502
            await control(http, url, clear=True)
            assert (await http.post("/v2/groups/G1/messages", json={}, headers=headers)).json()["err_code"] == 40034105
            await control(http, url, revoke=True)
            assert (await http.post("/v2/users/U1/messages", json=text, headers=headers)).status_code == 401

            told = await control(http, url)
            assert [(call["api"], call["accepted"], call["answered"]) for call in told["log"]] == [
                ("token", True, 200), ("c2c", False, 400), ("c2c", True, 200), ("group", False, 502),
                ("group", False, 400), ("c2c", False, 401),
            ]  # fmt: skip
            assert [seen["text"] for seen in told["phones"]["c2c:U1"]] == ["您好"]

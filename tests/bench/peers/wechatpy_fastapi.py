"""Peer: what a developer writes in an hour with wechatpy and FastAPI. Stores nothing, notices no repeat."""

from fastapi import FastAPI, Request, Response
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.utils import check_signature

from tests.bench.account import AES_KEY, APP_ID, TOKEN
from tests.bench.peers.keywords import look_up

app = FastAPI(openapi_url=None)
crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID)


@app.post("/wx")
async def webhook(request: Request) -> Response:
    query, body = request.query_params, await request.body()
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    encrypted = query.get("encrypt_type") == "aes"
    try:
        check_signature(TOKEN, query.get("signature", ""), timestamp, nonce)
        if encrypted:
            body = crypto.decrypt_message(body, query.get("msg_signature", ""), timestamp, nonce)
    except InvalidSignatureException:
        return Response("forbidden", 403)
    message = parse_message(body)
    answer = create_reply(look_up(message.content) if message.type == "text" else "", message).render()
    if encrypted and answer:
        answer = crypto.encrypt_message(answer, nonce, timestamp)
    return Response(answer, media_type="application/xml")

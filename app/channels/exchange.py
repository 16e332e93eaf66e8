"""What a call means that brought no answer, the same on every platform.

Beside the platforms' own, codes of failures are ``not_connected`` (nothing was sent), ``no_answer`` (the connection
broke or timed out later) and ``bad_address``. Imports the HTTP client: for ``client`` modules alone.
"""

from collections.abc import Awaitable

import httpx

from app.channels.delivery import DeliveryError, Outcome

_NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_BAD_ADDRESS = (httpx.InvalidURL, httpx.UnsupportedProtocol)


async def answered(request: Awaitable[httpx.Response], lost: Outcome) -> httpx.Response:
    """The response, or DeliveryError; ``lost``: what it means when nobody knows whether the call was taken."""
    # Without the cause: its traceback would carry the address, and on some platforms the credential in it.
    try:
        return await request
    except _BAD_ADDRESS as error:
        raise DeliveryError("bad_address", Outcome.operator, str(error)) from None
    except _NOT_CONNECTED as error:
        raise DeliveryError("not_connected", Outcome.retry, type(error).__name__) from None
    except httpx.RequestError as error:
        raise DeliveryError("no_answer", lost, type(error).__name__) from None


def bad_answer(lost: Outcome) -> DeliveryError:
    return DeliveryError("bad_answer", lost, "no answer of the documented form")

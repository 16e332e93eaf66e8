"""Where the simulator is found within the service's own address."""

PAGE = "/simulator"
WECHAT_API = "/simulator/wechat"
"""The played platform's API: what the sender is given instead of the platform's address."""
QQ_API = "/simulator/qq"
"""The same of QQ."""
OUTBOX = "/simulator/outbox"
PICTURES = "/simulator/pictures"

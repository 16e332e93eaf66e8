"""``serve`` with the stream of live events open to everybody: ``python -m tests.bench.open_door serve``."""

import sys
from typing import Any

from app.__main__ import main
from app.commands import serve
from app.console.routes import who
from app.live.followers import Visitor
from app.main import Application, create_app


async def _anybody() -> Visitor:
    return Visitor(1, None)


def _open(*given: Any, **named: Any) -> Application:
    app = create_app(*given, **named)
    app.dependency_overrides[who] = _anybody
    return app


if __name__ == "__main__":
    setattr(serve, "create_app", _open)  # noqa: B010  (mypy knows the name as one of another module)
    sys.exit(main(sys.argv[1:]))

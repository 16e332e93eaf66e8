"""Whether the process lives, whether it is ready, and what it counts."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import metrics
from app.conversations import queue, undelivered
from app.db.database import Database
from app.db.schema import revisions
from app.dialogue import events
from app.dialogue.keeper import Keeper
from app.jobs import lanes
from app.jobs.models import Waits

router = APIRouter()
_MOST = 100_000
_SHOWN = 50
"""Problems of the knowledge; one slip in a file can bring about hundreds."""


@router.get("/healthz")
async def healthz() -> PlainTextResponse:
    return PlainTextResponse("ok")


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """200 where a message would be answered: database reached, schema as the code wants it, knowledge loaded.

    Files that cannot be used are shown and change nothing: the knowledge that was loaded before them answers.
    """
    service = request.app.state.service
    checks = await _database_checks(service.db)
    return JSONResponse({**checks, "knowledge": _knowledge(service.keeper)}, 200 if all(checks.values()) else 503)


@router.get("/metrics")
async def show_metrics(request: Request) -> Response:
    service = request.app.state.service
    metrics.ingest_depth.set(service.ingest.depth())
    metrics.live_streams.set(len(service.feed))
    await service.db.read(_measure)
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _knowledge(keeper: Keeper) -> dict[str, object]:
    brain = keeper.rules.brain
    shown = [str(problem) for problem in keeper.problems[:_SHOWN]]
    if len(keeper.problems) > _SHOWN:
        shown.append(f"and {len(keeper.problems) - _SHOWN} more")
    return {
        "version": brain.knowledge.version,
        "index_version": brain.index.version,
        "loaded_at": keeper.loaded_at.isoformat(timespec="seconds"),
        "problems": shown,
    }


async def _database_checks(db: Database) -> dict[str, bool]:
    try:
        revision = await db.read(_revision)
    except Exception:
        return {"database": False, "schema": False}
    return {"database": True, "schema": revision == revisions()[-1]}


def _revision(session: Session) -> str | None:
    return session.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _measure(session: Session) -> None:
    metrics.backlog_depth.set(events.backlog_depth(session))
    metrics.outbox_depth.set(lanes.depth(session, most=_MOST))
    metrics.outbox_dead.set(undelivered.count_dead(session))
    waiting, shut = undelivered.count_waiting(session), undelivered.count_closed(session, datetime.now(UTC))
    for reason in Waits:
        metrics.outbox_waiting.labels(reason).set(waiting.get(reason, 0))
        metrics.gates_closed.labels(reason).set(shut.get(reason, 0))
    metrics.waiting.set(queue.queue_length(session, most=_MOST))

"""Whether the process lives, whether it is ready, and what it counts."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import jobs, metrics
from app.conversations import routing
from app.db.database import Database
from app.db.schema import revisions
from app.dialogue import events

router = APIRouter()
_MOST = 100_000


@router.get("/healthz")
async def healthz() -> PlainTextResponse:
    return PlainTextResponse("ok")


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """200 where a message would be answered: database reached, schema as the code wants it, knowledge loaded."""
    service = request.app.state.service
    checks = await _database_checks(service.db)
    checks["knowledge"] = bool(service.ingest.rules.brain.knowledge.entries)
    return JSONResponse(checks, 200 if all(checks.values()) else 503)


@router.get("/metrics")
async def show_metrics(request: Request) -> Response:
    service = request.app.state.service
    metrics.ingest_depth.set(service.ingest.depth())
    await service.db.read(_measure)
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


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
    metrics.outbox_depth.set(jobs.depth(session))
    metrics.waiting.set(routing.queue_length(session, most=_MOST))

"""What the knowledge and the catalogue call what tickets are about."""

from collections.abc import Mapping

from fastapi import Request


def categories_of(request: Request) -> Mapping[str, str]:
    """Entries of the knowledge, by id: what a ticket can be about."""
    entries = request.app.state.service.ingest.rules.brain.knowledge.entries
    return {entry_id: entry.title for entry_id, entry in entries.items()}


def titles_of(request: Request) -> list[str]:
    """Names of the catalogue."""
    return sorted(request.app.state.service.ingest.rules.brain.catalogue.titles)

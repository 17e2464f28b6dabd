"""Sources that are pulled on a schedule: one small file a kind, all listed in KINDS; what they bring goes through `workers.intake`."""

from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Engine

from db.cursors import hold_source
from db.engine import transaction
from pipelines.records import Kind, Lane
from workers.errors import NotFound, UsageError
from workers.settings import SourceSettings, settings
from workers.sources import feed, folder
from workers.sources.pulled import Pulled

__all__ = ["KINDS", "Pulled", "pull"]

KINDS: dict[str, Callable[..., Pulled]] = {"folder": folder.pull, "feed": feed.pull}

_log = structlog.get_logger("bellwether.sources")


def pull(engine: Engine, name: str) -> Pulled:
    """Pull the source `name` as the settings say; raise NotFound or UsageError where they say nothing usable.

    Two pulls of one source never run at once: the second finds nothing, and leaves the workers to others.
    """
    own = settings().sources.get(name)
    if own is None or own.pull is None:
        raise NotFound(f"No source {name!r} is pulled on a schedule; give [sources.{name}] a `pull` and a `location` in bellwether.toml.")
    if not own.location:
        raise UsageError(f"[sources.{name}] has no `location`: name the folder, or the feed's URL.")
    with transaction(engine) as session:
        if not hold_source(session, name):
            return Pulled()
        pulled = KINDS[own.pull](engine, name, location=own.location, how=_how(name, own))
    _log.info("source pulled", source=name, n_accepted=pulled.n_accepted, n_rejected=pulled.n_rejected, n_failed=pulled.n_failed)
    return pulled


def _how(name: str, own: SourceSettings) -> dict[str, Any]:
    """Return what `submit` is told of every record of the source."""
    return {
        "source": name,
        "kind": Kind(own.kind) if own.kind else None,
        "lane": Lane(own.lane),
        "taxonomy": own.taxonomy,
        "submitted_by": f"source:{name}",
    }

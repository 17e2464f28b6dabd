"""Whether this installation can do its work: one small check each, shared by `/readyz` and `bellwether doctor`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from workers import endpoints
from workers.errors import Unreachable

if TYPE_CHECKING:
    from db.figures import Figures

STALE = timedelta(minutes=2)
"""A batch queued for longer, while nobody claimed any, means that no worker consumes, whatever its heartbeat says."""


class Status(StrEnum):
    """How a check ended; only `fail` stops work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One fact, and what mends it."""

    name: str
    status: Status
    fact: str
    fix: str = ""


def passed(name: str, fact: str) -> Check:
    """Return a check that found nothing wrong."""
    return Check(name, Status.OK, fact)


def run_check(name: str, check: Callable[[], Check], *, fix: str) -> Check:
    """Run `check`; whatever it raises is its fact."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001  # a check reports, it never stops the others
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()
        told = isinstance(error, Unreachable)  # which names its own next step
        return Check(name, Status.FAIL, reason[0] if reason else type(error).__name__, "" if told else fix)


def check_broker() -> Check:
    """Ask the broker to answer."""
    info = endpoints.redis_client().info("server")
    kind = "Valkey" if info.get("server_name") == "valkey" else "Redis"
    return passed("broker", f"{kind} {info.get('valkey_version') or info.get('redis_version')} answers")


def check_database() -> Check:
    """Ask whether the database answers and its tables are at head."""
    from db import migrate

    pool = endpoints.engine()
    if migrate.is_at_head(pool):
        return passed("database", f"PostgreSQL answers, tables at {migrate.head()}")
    found = migrate.current(pool) or "none yet"
    return Check("database", Status.FAIL, f"tables at {found}, head is {migrate.head()}", "Run `bellwether db upgrade`.")


def check_consumption() -> Check:
    """Ask SQL whether batches are being claimed: workers were seen alive, and connected, and consuming nothing."""
    from db.engine import transaction
    from db.figures import read_figures

    with transaction(endpoints.engine()) as session:
        return judge_consumption(read_figures(session))


def judge_consumption(figures: "Figures") -> Check:
    """Judge whether queued batches are claimed."""
    if not figures.n_batches_queued or figures.oldest_queued_at is None:
        return passed("consumption", f"nothing waits; {figures.n_batches_leased} batches in work")
    waited = figures.now - figures.oldest_queued_at
    idle = figures.now - figures.last_claimed_at if figures.last_claimed_at else None
    if waited > STALE and (idle is None or idle > STALE):
        last = "none was ever claimed" if idle is None else f"the last claim was {idle.total_seconds():.0f} s ago"
        fact = f"{figures.n_batches_queued} batches wait, the oldest for {waited.total_seconds():.0f} s, and {last}"
        return Check("consumption", Status.FAIL, fact, "Start `bellwether worker`, or read its log.")
    return passed("consumption", f"{figures.n_batches_queued} batches wait, {figures.n_batches_leased} in work")


FIX_BROKER = "Start `bellwether up`, or set BELLWETHER_REDIS_URL to your Redis or Valkey."
FIX_DATABASE = "Start `bellwether up`, or set BELLWETHER_POSTGRES_URL to your PostgreSQL."


def readiness() -> list[Check]:
    """Return the checks of `/readyz`; ready means that none fails.

    A broker that doesn't answer and workers that consume nothing are told, but take no API out of rotation: what it accepts
    meanwhile waits safely in SQL.
    """
    return [
        _warned(run_check("broker", check_broker, fix=FIX_BROKER)),
        run_check("database", check_database, fix=FIX_DATABASE),
        _warned(run_check("consumption", check_consumption, fix=FIX_DATABASE)),
    ]


def _warned(check: Check) -> Check:
    return replace(check, status=Status.WARN) if check.status is Status.FAIL else check


def is_ready(checks: list[Check]) -> bool:
    """Tell whether none of `checks` fails."""
    return all(check.status is not Status.FAIL for check in checks)

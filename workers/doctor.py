"""Everything that must be right on this machine for Bellwether to work well, checked; mending is left to the reader."""

import shutil
from datetime import UTC, datetime, timedelta

from workers import endpoints
from workers.health import FIX_BROKER, FIX_DATABASE, Check, Status, check_broker, check_consumption, check_database, passed, run_check
from workers.settings import settings

_MAX_SKEW_S = 2.0
_LOW_DISK_BYTES, _NO_DISK_BYTES = 5 << 30, 512 << 20


def examine() -> list[Check]:
    """Run every check; where the settings, the broker or the database fail, what rests on them is left out."""
    first = run_check("settings", check_settings, fix="Mend the setting it names, in bellwether.toml or the environment.")
    if first.status is Status.FAIL:
        return [first]
    return [first, *_on_broker(), *_on_database(), *_on_machine()]


def _on_broker() -> list[Check]:
    first = run_check("broker", check_broker, fix=FIX_BROKER)
    if first.status is Status.FAIL:
        return [first]
    return [
        first,
        run_check("eviction", check_eviction, fix=FIX_BROKER),
        run_check("persistence", check_persistence, fix=FIX_BROKER),
        run_check("workers", check_workers, fix="Start `bellwether worker`."),
    ]


def _on_database() -> list[Check]:
    first = run_check("database", check_database, fix=FIX_DATABASE)
    if first.status is Status.FAIL:
        return [first]
    return [
        first,
        run_check("clock", check_clock, fix=FIX_DATABASE),
        run_check("consumption", check_consumption, fix=FIX_DATABASE),
        run_check("notifiers", check_notifiers, fix=FIX_DATABASE),
    ]


def _on_machine() -> list[Check]:
    return [
        run_check("model", check_model, fix="Name a model of the catalogue as engine.model, or make one with `bellwether train`."),
        run_check("taxonomies", check_taxonomies, fix="Mend the file it names; `bellwether topics list` shows those that are read."),
        run_check("device", check_device, fix="Set BELLWETHER_ENGINE__DEVICE to a device that is here, or to auto."),
        run_check("disk", check_disk, fix="Free some space, or set BELLWETHER_HOME to another disk."),
    ]


def check_settings() -> Check:
    """Read the settings, which refuse unknown names and broken inequalities."""
    return passed("settings", f"readable; files in {settings().home.resolve()}")


def check_eviction() -> Check:
    """Ask for the eviction policy: any but noeviction can drop a whole queue when memory is short."""
    policy = endpoints.redis_client().info("memory").get("maxmemory_policy", "unknown")
    if policy == "noeviction":
        return passed("eviction", "noeviction")
    return Check("eviction", Status.FAIL, f"maxmemory-policy is {policy}", "CONFIG SET maxmemory-policy noeviction, and in its file.")


def check_persistence() -> Check:
    """Ask whether the append-only file is on; else a restart loses messages, which the sweep sends again, and the inbox for good."""
    if endpoints.redis_client().info("persistence").get("aof_enabled"):
        return passed("persistence", "append-only file on")
    return Check(
        "persistence", Status.WARN, "append-only file off: a restart loses the inbox", "CONFIG SET appendonly yes, and in its file."
    )


def check_clock() -> Check:
    """Compare the database's clock with this machine's."""
    from db.engine import transaction
    from db.figures import read_clock

    with transaction(endpoints.engine()) as session:
        before = datetime.now(UTC)
        there = read_clock(session)
        here = before + (datetime.now(UTC) - before) / 2
    skew = (there - here).total_seconds()
    if abs(skew) <= _MAX_SKEW_S:
        return passed("clock", f"{abs(skew) * 1000:.0f} ms from the database's")
    return Check("clock", Status.WARN, f"{abs(skew):.1f} s from the database's", "Switch on NTP on both machines.")


def check_notifiers() -> Check:
    """Ask the outbox which notifiers fail, or were given up in the last day; nobody is told anything for it."""
    from db import outbox
    from db.engine import transaction

    with transaction(endpoints.engine()) as session:
        found = outbox.read_backlogs(session, since=datetime.now(UTC) - timedelta(days=1))
    if failing := [one for one in found if one.n_failing or one.n_given_up]:
        told = [f"{one.notifier}: {one.n_waiting} wait, {one.n_given_up} given up today ({one.error})" for one in failing]
        fix = f"Mend what it says, then try `bellwether alerts test-notifier {failing[0].notifier}`."
        return Check("notifiers", Status.WARN, "; ".join(told), fix)
    names = ", ".join(sorted(settings().alerts.notifiers)) or "none: nobody is told of incidents"
    return passed("notifiers", f"{names}; {sum(one.n_waiting for one in found)} notifications wait")


def check_workers() -> Check:
    """Ask over the broker which workers answer."""
    from workers.app import app

    names = sorted(name for answer in app.control.ping(timeout=1.0) or [] for name in answer)
    if any(name.startswith("analyze-") for name in names):
        return passed("workers", ", ".join(names))
    found = f"only {', '.join(names)}" if names else "none answers"
    return Check("workers", Status.WARN, f"no analyze worker: {found}", "Start `bellwether worker` (or `bellwether up`).")


def check_model() -> Check:
    """Look for the model's files."""
    from workers.artifacts import model_revision, require_model

    engine = settings().engine
    place = require_model(engine)
    return passed("model", f"{engine.model} {model_revision(place) or ''} in {place}")


def check_taxonomies() -> Check:
    """Read every taxonomy."""
    from pipelines.taxonomy import read_taxonomies

    return passed("taxonomies", ", ".join(sorted(read_taxonomies(settings().engine.taxonomies))))


def check_device() -> Check:
    """Find the devices that engine.device means."""
    from workers.devices import choose_devices, default_replicas, find_gpus

    asked, gpus = settings().engine.device, find_gpus()
    chosen = choose_devices(asked, gpus=gpus)
    told = ", ".join(f"{one.name} with {settings().engine.replicas or default_replicas(one)} replicas" for one in chosen)
    return passed("device", f"{asked}: {told}; {len(gpus)} GPUs found")


def check_disk() -> Check:
    """Look at the space left where the files are."""
    home = settings().home.resolve()
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    fact = f"{free / 2**30:.1f} GiB free in {home}"
    status = Status.FAIL if free < _NO_DISK_BYTES else Status.WARN if free < _LOW_DISK_BYTES else Status.OK
    return Check("disk", status, fact, "" if status is Status.OK else "Free some space, or set BELLWETHER_HOME to another disk.")

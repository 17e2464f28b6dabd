from datetime import timedelta

import pytest

from workers import queues
from workers.schedule import beat_schedule, entries
from workers.settings import Settings


@pytest.mark.usefixtures("configured")
def test_entries_send_registered_tasks_to_declared_queues() -> None:
    from workers.tasks import app

    found = entries(Settings())

    assert {entry.task for entry in found.values()} <= set(app.tasks)
    assert {entry.queue for entry in found.values()} <= set(queues.IO_QUEUES)


def test_entries_pull_each_scheduled_source_by_name() -> None:
    chosen = Settings.model_validate(
        {"sources": {"desk": {"pull": "feed", "location": "https://example.org/f", "every": "PT1M"}, "own": {}}}
    )

    found = entries(chosen)

    assert found["pull-desk"].args == ("desk",)
    assert found["pull-desk"].every == timedelta(minutes=1)
    assert "pull-own" not in found


def test_beat_schedule_lets_messages_expire_so_that_no_pile_waits_but_not_by_a_skewed_clock() -> None:
    planned = beat_schedule(Settings())

    assert all(entry["options"]["expires"] >= 60 for entry in planned.values())
    assert planned["prune"]["options"]["expires"] == Settings().retention.prune_every.total_seconds()

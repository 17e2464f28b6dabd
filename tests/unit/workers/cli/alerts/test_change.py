from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from db import incidents
from db.engine import transaction
from workers.errors import Conflict, NotFound


def test_ack_then_resolve_say_so_and_are_kept_with_who_and_why(engine: Engine, opened: Callable[..., int], run: Callable[..., Any]) -> None:
    number = opened()

    said = [run("ack", str(number), "--why", "on it", "--by", "ana").stdout, run("resolve", str(number), "--by", "bo").stdout]

    with transaction(engine) as session:
        events = incidents.read_events(session, number)
    assert said == [f"incident {number} acknowledged\n", f"incident {number} resolved\n"]
    assert [(one.what, one.who) for one in events[1:]] == [("acknowledged", "ana"), ("resolved", "bo")]


@pytest.mark.parametrize("command", ["ack", "resolve"])
def test_what_is_over_or_never_was_is_refused(opened: Callable[..., int], run: Callable[..., Any], command: str) -> None:
    number = opened()
    run("resolve", str(number))

    assert isinstance(run(command, str(number)).exception, Conflict)
    assert isinstance(run(command, "99").exception, NotFound)

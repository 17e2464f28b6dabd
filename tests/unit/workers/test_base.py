import logging
import traceback

import pytest
from celery import Celery

from workers.base import BellwetherTask
from workers.faults import TaskFailed

TEXT = "my card is 4111 1111 1111 1111"


@pytest.fixture
def failing() -> BellwetherTask:
    app = Celery("test", set_as_current=False)

    @app.task(name="test.failing", base=BellwetherTask, shared=False)
    def fail() -> None:
        raise ValueError(TEXT)

    return fail  # type: ignore[no-any-return]  # untyped decorator


def test_task_that_fails_tells_no_words_of_a_record(failing: BellwetherTask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(TaskFailed, match=r"^ValueError$") as caught:
        failing()

    assert TEXT not in "".join(traceback.format_exception(caught.value))
    assert TEXT not in caplog.text


def test_task_that_fails_leaves_no_words_where_celery_and_flower_look(failing: BellwetherTask) -> None:
    result = failing.apply()

    assert result.failed()
    assert TEXT not in str(result.result) + str(result.traceback)

import json
import os
import subprocess
import sys

import pytest

TEXT = "my card is 4111"
CODE = f"""
import logging, structlog
from workers.logs import configure_logs
configure_logs("test")
try:
    raise ValueError({TEXT!r})
except ValueError as error:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
    logging.getLogger("celery.utils.dispatch").exception("Signal handler raised")
    structlog.get_logger("bellwether").exception("ours")
"""


def logged(form: str) -> str:
    environment = {**os.environ, "BELLWETHER_LOG_FORMAT": form}
    return subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True, timeout=60).stderr


def test_logs_tell_of_an_error_its_class_and_place() -> None:
    lines = [json.loads(line) for line in logged("json").splitlines()]

    assert [line["event"] for line in lines] == ["Exception in ASGI application", "Signal handler raised", "ours"]
    assert {line["error"] for line in lines} == {"ValueError"}
    assert all(line["raised_at"] == ["<string>:6 <module>"] for line in lines)


@pytest.mark.parametrize("form", ["json", "console"])
def test_logs_hold_no_message_of_a_foreign_error(form: str) -> None:
    told = logged(form)

    assert "ours" in told
    assert TEXT not in told

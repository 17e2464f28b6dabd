import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from workers.cli.alerts import app
from workers.errors import NotFound
from workers.settings import SettingsError

DESK = '[alerts.notifiers.desk]\nkind = "webhook"\nurl = "http://127.0.0.1:9/hook?token=hunter2"\nallow_private = true\n'
CONSOLE = '[alerts.notifiers.here]\nkind = "console"\n'


@pytest.fixture(autouse=True)
def named(tmp_path: Path) -> None:
    (tmp_path / "bellwether.toml").write_text(DESK + CONSOLE)


def test_test_notifier_says_that_it_was_accepted() -> None:
    ended = CliRunner().invoke(app, ["test-notifier", "here"])

    assert ended.exit_code == 0
    assert "ALERT test warning incident 0" in ended.stdout
    assert "here (console) accepted 0-test-here-" in ended.stdout


def test_test_notifier_says_why_it_was_not() -> None:
    ended = CliRunner().invoke(app, ["test-notifier", "desk"])

    assert ended.exit_code == 1
    assert ended.stderr == "bellwether: desk (webhook) was not told: nobody answers there (ConnectionRefusedError)\n"


def test_test_notifier_tells_programs_too() -> None:
    ended = CliRunner().invoke(app, ["test-notifier", "desk", "--json"])

    told = json.loads(ended.stdout)
    assert (told["notifier"], told["kind"], told["accepted"]) == ("desk", "webhook", False)
    assert "hunter2" not in ended.stdout


def test_test_notifier_of_nobody_names_those_there_are() -> None:
    with pytest.raises(NotFound, match="name no notifier 'nobody'; they name desk, here"):
        CliRunner().invoke(app, ["test-notifier", "nobody"], catch_exceptions=False)


def test_test_notifier_never_repeats_an_address_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "bellwether.toml").write_text(DESK.replace("http://", "hunter2://"))

    with pytest.raises(SettingsError, match=r"alerts\.notifiers\.desk") as refused:
        CliRunner().invoke(app, ["test-notifier", "desk"], catch_exceptions=False)

    assert "hunter2" not in f"{refused.value}{refused.value.__cause__}"

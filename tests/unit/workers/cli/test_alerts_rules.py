import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert
from typer.testing import CliRunner

from db import rules as stored
from db.engine import transaction
from db.tables import Rollup, Source
from workers.alert_settings import DEFAULT_RULES, Rule
from workers.cli.alerts import app
from workers.errors import Conflict, NotFound, UsageError

PHONES = '[alerts.rules.phones]\nmetric = "volume"\nmin_ratio = 3\n'

pytestmark = pytest.mark.usefixtures("configured")


def test_rules_list_shows_what_is_in_force_and_who_says_so(tmp_path: Path) -> None:
    _run("add", _file(tmp_path, PHONES), "--by", "ana")

    told = {row["rule"]: row for row in json.loads(_run("list", "--json").stdout)}

    assert told.keys() == {*DEFAULT_RULES, "phones"}
    assert (told["phones"]["origin"], told["phones"]["metric"], told["phones"]["min_ratio"]) == ("cli", "volume", 3.0)
    assert "phones" in _run("list").stdout


def test_rules_show_writes_toml_that_can_be_read_again_by_name_and_by_hash(tmp_path: Path) -> None:
    _run("add", _file(tmp_path, PHONES))
    shown = _run("show", "phones").stdout

    read = tomllib.loads(shown)["alerts"]["rules"]["phones"]

    assert Rule.model_validate(read) == Rule(metric="volume", min_ratio=3)
    _run("remove", "phones")
    digest = shown.splitlines()[0].rpartition(" ")[2]
    assert json.loads(_run("show", digest, "--json").stdout)["settings"]["metric"] == "volume"
    assert isinstance(_run("show", "nothing").exception, NotFound)


def test_rules_add_says_what_changed_and_remove_takes_it_back(tmp_path: Path, engine: Engine) -> None:
    file = _file(tmp_path, PHONES)

    assert "phones is in force" in _run("add", file).stdout
    assert "was in force just so" in _run("add", file).stdout
    assert "out of force" in _run("remove", "phones").stdout
    assert isinstance(_run("remove", "phones").exception, NotFound)
    with transaction(engine) as session:
        assert stored.list_rules(session) == []


def test_rules_of_the_settings_are_changed_there(tmp_path: Path) -> None:
    file = _file(tmp_path, "[alerts.rules.negative-share]\nmin_ratio = 2\n")

    assert isinstance(_run("add", file).exception, Conflict)
    assert isinstance(_run("remove", "negative-share").exception, Conflict)


def test_rules_check_names_the_line_of_what_is_no_rule(tmp_path: Path) -> None:
    refused = _run("check", _file(tmp_path, '[alerts.rules.a]\nwindow = "PT20M"\n')).exception

    assert isinstance(refused, UsageError)
    assert "line 2: rule a: window: PT20M is no whole number of buckets of PT15M: write PT15M or PT30M" in str(refused)


def test_rules_check_ends_with_1_on_a_rule_that_never_fires_and_add_keeps_it_out(tmp_path: Path, engine: Engine) -> None:
    _history(engine)
    file = _file(tmp_path, "[alerts.rules.deaf]\nmin_records = 99999\n")

    result = _run("check", file, "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["verdict"] == "never fires"
    assert "rule deaf never fires: the busiest window holds 192 records, min_records is 99999" in result.stderr
    assert _run("add", file).exit_code == 1
    assert _run("add", file, "--force").exit_code == 0


def test_rules_check_of_those_in_force_passes_where_there_is_no_history() -> None:
    result = _run("check")

    assert result.exit_code == 0
    assert "no history" in result.stdout


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["rules", *arguments])


def _file(folder: Path, text: str) -> str:
    file = folder / "rules.toml"
    file.write_text(text)
    return str(file)


def _history(engine: Engine) -> None:
    """Store four days of a source with two records a quarter of an hour."""
    start = datetime(2026, 3, 2, tzinfo=UTC)
    with transaction(engine) as session:
        source = Source(name="wire", kind="news", taxonomy="finance-desk")
        session.add(source)
        session.flush()
        same = {"dimension": "source", "source_id": source.id, "key": "", "n": 2, "n_negative": 0, "n_neutral": 2, "n_positive": 0}
        session.execute(insert(Rollup), [same | {"bucket_at": start + timedelta(minutes=15 * index)} for index in range(4 * 96)])

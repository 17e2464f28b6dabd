import re
from datetime import timedelta
from pathlib import Path

import pytest

from workers.settings import Settings, SettingsError, settings


def test_settings_take_environment_over_file_over_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bellwether.toml").write_text('log_level = "debug"\n[engine]\ntoken_budget = 512\nthreads = 2\n')
    monkeypatch.setenv("BELLWETHER_ENGINE__TOKEN_BUDGET", "1024")

    read = settings()

    assert (read.log_level, read.engine.token_budget, read.engine.threads, read.engine.model) == ("debug", 1024, 2, "default")


def test_settings_refuse_an_unknown_variable_and_suggest_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_REDIS_URI", "redis://somewhere")

    with pytest.raises(SettingsError, match="Did you mean BELLWETHER_REDIS_URL"):
        settings()


def test_settings_refuse_an_unknown_key_of_a_section_and_suggest_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "bellwether.toml").write_text("[ledger]\nmax_attempt = 5\n")

    with pytest.raises(SettingsError, match=r"ledger.max_attempt is not a setting. Did you mean max_attempts"):
        settings()


def test_settings_name_the_key_of_a_bad_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_ENGINE__THREADS", "zero")

    with pytest.raises(SettingsError, match=r"engine.threads"):
        settings()


def test_settings_explain_broken_toml(tmp_path: Path) -> None:
    (tmp_path / "bellwether.toml").write_text("[engine\n")

    with pytest.raises(SettingsError, match="not valid TOML"):
        settings()


def test_settings_refuse_a_lease_shorter_than_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_LEDGER__LEASE", "PT50S")

    with pytest.raises(SettingsError, match="task_time_limit < lease"):
        settings()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("BELLWETHER_REDIS_URL", "htp://:hunter2@example/0", r"redis_url \(BELLWETHER_REDIS_URL\): write .* redis:// or rediss://"),
        ("BELLWETHER_POSTGRES_URL", "mysql://me:hunter2@example/x", "postgres_url .* postgresql://"),
        ("BELLWETHER_SOURCES__DESK__MAP", '{"txt": "body"}', "sources.desk.map .* txt: no field of a record"),
        ("BELLWETHER_API__PORT", "abc", r"api.port \(BELLWETHER_API__PORT\): .* integer"),
    ],
)
def test_settings_name_what_to_mend_and_repeat_no_secret(monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=complaint) as refused:
        settings()

    assert "hunter2" not in str(refused.value)


def test_settings_hide_secrets_when_printed() -> None:
    shown = repr(Settings(redis_url="redis://:hunter2@example/0"))

    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("written", "line", "complaint"),
    [
        ('[alerts.rules.a]\nmetric = "mood"', 2, "alerts.rules.a.metric"),
        ('[alerts.rules.a]\n\nwindow = "PT5M"', 3, "alerts.rules.a.window: write whole buckets"),
        ('[alerts.rules.a]\n\nwindw = "PT1H"', 3, "alerts.rules.a.windw is not a setting. Did you mean window?"),
        ("[engine]\n[alerts]\nrules.a.min_records = -3", 3, "greater than or equal to 1"),
    ],
)
def test_settings_name_the_line_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, line: int, complaint: str
) -> None:
    file = tmp_path / "bellwether.toml"
    file.write_text(written)
    monkeypatch.setenv("BELLWETHER_CONFIG", str(file))

    with pytest.raises(SettingsError, match=re.escape(complaint)) as refused:
        settings()

    assert str(refused.value).startswith(f"{file}, line {line}: ")


def test_settings_name_no_line_where_the_environment_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "bellwether.toml"
    file.write_text("[engine]\nthreads = 1\n")
    monkeypatch.setenv("BELLWETHER_CONFIG", str(file))
    monkeypatch.setenv("BELLWETHER_ENGINE__THREADS", "many")

    with pytest.raises(SettingsError) as refused:
        settings()

    assert str(refused.value).startswith("engine.threads (BELLWETHER_ENGINE__THREADS): ")


def test_settings_read_durations_in_iso_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_ALERTS__LATENESS", "PT5M")

    assert settings().alerts.lateness == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("WINDOW", "PT0S", "an empty window judges nothing"),
        ("WINDOW", "15m", "write a duration such as PT15M"),
        ("WINDOW", "P30D", "window <= baseline"),
        ("WINDOW", "PT20M", "whole buckets"),
        ("RESOLVES_AFTER", "PT0S", "flap"),
    ],
)
def test_settings_refuse_a_rule_that_cannot_work(monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str) -> None:
    monkeypatch.setenv(f"BELLWETHER_ALERTS__RULES__ONE__{name}", value)

    with pytest.raises(SettingsError, match=complaint):
        settings()

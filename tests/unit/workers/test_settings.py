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


def test_settings_read_durations_in_iso_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_ALERTS__LATENESS", "PT5M")

    assert settings().alerts.lateness == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("WINDOW", "PT0S", "0 < window"),
        ("WINDOW", "P30D", "window <= baseline"),
        ("WINDOW", "PT20M", "whole buckets"),
        ("RESOLVES_AFTER", "PT0S", "flap"),
    ],
)
def test_settings_refuse_a_rule_that_cannot_work(monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str) -> None:
    monkeypatch.setenv(f"BELLWETHER_ALERTS__RULES__ONE__{name}", value)

    with pytest.raises(SettingsError, match=complaint):
        settings()

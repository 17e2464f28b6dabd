"""Examples of the how-tos, run as they stand there."""

import json
import re
import textwrap
import tomllib
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import Engine

from pipelines.catalog import Catalog
from pipelines.taxonomy import read_taxonomy
from workers import notifiers
from workers.alert_settings import LABELS, Notifier
from workers.inbox import drain
from workers.notifiers.message import sample_message
from workers.notifiers.webhook import payload
from workers.settings import settings

HOWTO = Path(__file__).parents[3] / "docs" / "howto"


def _blocks(page: Path, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", page.read_text(), re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for _, block in found]


_TOML = [(page.name, block) for page in sorted(HOWTO.glob("*.md")) for block in _blocks(page, "toml")]


@pytest.mark.parametrize(("page", "block"), _TOML, ids=[f"{page}-{number}" for number, (page, _) in enumerate(_TOML)])
def test_toml_is_accepted_by_what_reads_it(page: str, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "example.toml"
    path.write_text(block.replace("<40 hexadecimal digits>", "0" * 40))
    values = tomllib.loads(path.read_text())

    if "topics" in values or values.get("kind") == "trained":
        assert read_taxonomy(path).name == values["name"]
    elif "models" in values:
        assert Catalog.model_validate(values)
    else:
        monkeypatch.setenv("BELLWETHER_CONFIG", str(path))
        assert settings().model_fields_set >= set(values)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run the how-to's receiver on a free port and yield its address; its secret is `shared`."""
    monkeypatch.setenv("WEBHOOK_SECRET", "shared")
    [code] = _blocks(HOWTO / "webhook.md", "python")
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(code, "webhook.md", "exec"), names)  # noqa: S102  # our own page
    server = HTTPServer(("127.0.0.1", 0), names["Receiver"])
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def _told_by_webhook(receiver: str, *, secret: str) -> None:
    chosen = Notifier(kind="webhook", url=SecretStr(receiver), secret=SecretStr(secret), allow_private=True)
    notifiers.make(chosen).notify(sample_message(receiver="desk", chosen=chosen))


def test_the_webhook_receiver_accepts_what_is_signed_and_acts_once(receiver: str, capfd: pytest.CaptureFixture[str]) -> None:
    _told_by_webhook(receiver, secret="shared")
    _told_by_webhook(receiver, secret="shared")

    assert capfd.readouterr().out == "firing BellwetherTest TEST: nothing has happened, this only shows that messages arrive\n"


def test_the_webhook_page_shows_what_is_posted() -> None:
    [block] = _blocks(HOWTO / "webhook.md", "json")
    shown, posted = json.loads(block), payload(sample_message(receiver="desk", chosen=Notifier(kind="console")))

    assert set(shown) == set(posted)
    assert set(shown["alerts"][0]) == set(posted["alerts"][0])
    assert set(shown["alerts"][0]["labels"]) == {"alertname", "incident", *LABELS}


def test_the_webhook_receiver_refuses_another_secret(receiver: str) -> None:
    with pytest.raises(notifiers.NotTold, match="401"):
        _told_by_webhook(receiver, secret="other")


@pytest.mark.usefixtures("configured")
def test_what_the_inbox_producer_appends_is_taken_in(engine: Engine, redis_url: str) -> None:
    [code] = _blocks(HOWTO / "inbox.md", "python")
    code = re.sub(r'"redis://[^"]*"', repr(redis_url), code)
    names: dict[str, Any] = {}

    exec(compile(code, "inbox.md", "exec"), names)  # noqa: S102  # our own page

    names["broker"].close()
    with redis.Redis.from_url(redis_url) as client:
        drained = drain(engine, client)
        assert (drained.n_accepted, drained.n_rejected) == (1, 0)
        assert client.xlen("bellwether:inbox") == 0

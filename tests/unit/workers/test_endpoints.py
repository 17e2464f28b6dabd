import json

import pytest

from workers import endpoints
from workers.errors import Exit, Unreachable
from workers.settings import settings


def test_endpoints_say_what_to_do_when_no_stack_runs() -> None:
    with pytest.raises(Unreachable, match="bellwether up") as caught:
        endpoints.postgres_url()

    assert caught.value.exit_code == Exit.UNREACHABLE


def test_endpoints_take_what_a_running_stack_wrote() -> None:
    settings().home.mkdir(parents=True)
    endpoints.stack_file().write_text(json.dumps({"redis_url": "redis://127.0.0.1:1/0"}))

    assert endpoints.redis_url() == "redis://127.0.0.1:1/0"


def test_endpoints_prefer_your_own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_POSTGRES_URL", "postgresql://db.example/bellwether")
    settings.cache_clear()

    assert endpoints.postgres_url() == "postgresql://db.example/bellwether"

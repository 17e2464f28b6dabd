import pytest

from workers.api.access import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost"])
def test_is_loopback_knows_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example", "127.0.0.1.example", "", None])  # noqa: S104  # what is refused
def test_is_loopback_trusts_nothing_else(host: str | None) -> None:
    assert not is_loopback(host)

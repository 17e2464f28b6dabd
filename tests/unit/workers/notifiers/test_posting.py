import base64
import socket
import time
from datetime import timedelta
from typing import Any

import pytest

from workers.notifiers import NotTold
from workers.notifiers.posting import Poster


def _poster(url: str, *, timeout_s: float = 5, allow_private: bool = True, token: str | None = None) -> Poster:
    return Poster(url, token=token, timeout_s=timeout_s, allow_private=allow_private)


@pytest.mark.parametrize("status", [301, 302, 308, 400, 404, 500])
def test_any_answer_but_2xx_is_a_refusal(receiver: Any, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": receiver.url}

    with pytest.raises(NotTold, match=str(status)):
        _poster(receiver.url).post(b"{}")

    assert len(receiver.got) == 1  # no redirect was followed


@pytest.mark.parametrize(
    ("told", "waits"),
    [("120", timedelta(minutes=2)), ("Mon, 02 Mar 2020 12:00:00 GMT", timedelta()), ("soon", None), ("-1", None)],
)
def test_a_refusal_tells_how_long_the_receiver_wants_to_be_left_alone(receiver: Any, told: str, waits: timedelta | None) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": told}

    with pytest.raises(NotTold) as refused:
        _poster(receiver.url).post(b"{}")

    assert refused.value.retry_after == waits


def test_a_receiver_that_answers_a_byte_at_a_time_is_cut_off(receiver: Any) -> None:
    receiver.drips = b"HTTP/1.1 "
    started = time.monotonic()

    with pytest.raises(NotTold, match=r"gave no answer within 0\.3 s"):
        _poster(receiver.url, timeout_s=0.3).post(b"{}")

    assert time.monotonic() - started < 3


def test_a_receiver_that_has_accepted_may_not_go_on_talking(receiver: Any) -> None:
    receiver.drips = b"HTTP/1.1 200 OK\r\nX-Slow: "
    started = time.monotonic()

    _poster(receiver.url, timeout_s=0.3).post(b"{}")

    assert time.monotonic() - started < 3


def test_a_receiver_that_takes_the_call_and_says_nothing_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(NotTold, match=r"gave no answer within 0\.2 s"):
        _poster(f"http://127.0.0.1:{deaf.getsockname()[1]}/", timeout_s=0.2).post(b"{}")


def test_nobody_there_is_told_so() -> None:
    with pytest.raises(NotTold, match="nobody answers there"):
        _poster("http://127.0.0.1:9/hook").post(b"{}")


def test_a_name_that_leads_nowhere_is_told_so() -> None:
    with pytest.raises(NotTold, match=r"nowhere\.invalid leads nowhere"):
        _poster("http://nowhere.invalid/hook").post(b"{}")


def test_what_is_no_http_at_all_is_a_refusal(relay: Any) -> None:
    with pytest.raises(NotTold, match="gave no answer"):
        _poster(f"http://{relay.address}/").post(b"{}")


def test_user_and_password_of_the_address_travel_as_basic_authentication(receiver: Any) -> None:
    _poster(receiver.url.replace("://", "://me:p%40ss@") + "?a=b c&d=é").post(b"{}")

    [(path, headers, _)] = receiver.got
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"me:p@ss"
    assert headers["Host"] == receiver.url.split("/")[2]
    assert path == "/hook?a=b%20c&d=%C3%A9"


def test_a_token_travels_as_bearer(receiver: Any) -> None:
    _poster(receiver.url, token="t0ken").post(b"{}")

    assert receiver.got[0][1]["Authorization"] == "Bearer t0ken"


def test_a_receiver_is_posted_to_over_tls(secure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure.authority))

    _poster(secure.url).post(b"{}")

    assert len(secure.got) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: Any) -> None:
    with pytest.raises(NotTold, match="certificate is not trusted"):
        _poster(secure.url).post(b"{}")

    assert secure.got == []


def test_a_certificate_of_another_name_is_refused(secure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure.authority))

    with pytest.raises(NotTold, match="certificate is not trusted"):
        _poster(secure.url.replace("localhost", "127.0.0.1")).post(b"{}")


def test_tls_without_tls_on_the_other_side_is_a_refusal(receiver: Any) -> None:
    with pytest.raises(NotTold, match=r"no answer \(SSL"):
        _poster(receiver.url.replace("http://", "https://")).post(b"{}")

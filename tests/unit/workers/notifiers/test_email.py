from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from workers import notifiers
from workers.alert_settings import Notifier
from workers.notifiers.email import mail_of

SENDER, TO = "Bellwether <bellwether@bank.example>", ("ana@bank.example", "Bo <bo@bank.example>")


def _mailer(url: str, **more: Any) -> notifiers.Notifier:
    return notifiers.make(Notifier(kind="email", url=SecretStr(url), sender=SENDER, to=TO, **more))


def test_a_mail_says_what_happened_why_and_where_to_look_on(relay: Any, told: Any) -> None:
    message = told(severity="critical", chosen=Notifier(kind="console", link="https://bw.example/{incident}"))

    _mailer(f"smtp+plain://{relay.address}").notify(message)

    [mail] = relay.got
    assert mail["Subject"] == "CRITICAL: $AAPL in wire, 33 negative records, 1.9 expected"
    assert (mail["From"], mail["To"]) == (SENDER, ", ".join(TO))
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().replace("\r\n", "\n") == (
        "Negative records about $AAPL rose to 33.\n\n"
        "Opened 2026-03-02 12:00 UTC.\n\n"
        "Driven by:\n- topic earnings: +12 negative records, 15 of 20 negative\n\n"
        "Examples:\n- Shares fall <!channel> & @here (and 5 alike)\n  https://wire.example/1\n\n"
        "bellwether alerts show 7\nhttps://bw.example/7\n"
    )


def test_a_mail_has_the_deliverys_id_and_the_incidents_thread(told: Any) -> None:
    opened, again, resolved = (mail_of(told(change), sender=SENDER, to=TO) for change in ("opened", "opened", "resolved"))

    assert opened["Message-ID"] == again["Message-ID"] != resolved["Message-ID"]
    assert str(opened["Message-ID"]).endswith("@bank.example>")
    assert opened["References"] == resolved["References"]


def test_nothing_in_a_key_can_add_a_header(told: Any) -> None:
    mail = mail_of(told(key="ORG:x\r\nBcc: eve@evil.example\r\n\r\nhello"), sender=SENDER, to=TO)

    assert "Bcc" not in mail
    assert mail["Subject"] == "WARNING: x Bcc: eve@evil.example hello in wire, 33 negative records, 1.9 expected"


def test_a_mail_travels_over_tls_and_under_a_name(
    relay: Any, server_context: Any, certificate: Any, monkeypatch: pytest.MonkeyPatch, told: Any
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    relay.context = server_context

    _mailer(f"smtp://me:p%40ss@{relay.address}".replace("127.0.0.1", "localhost")).notify(told())

    assert relay.heard[:4] == ["EHLO", "STARTTLS", "over_tls", "EHLO"]
    assert relay.heard[4] == "AUTH"
    assert len(relay.got) == 1


def test_a_mail_travels_over_tls_from_the_first_byte(
    relay: Any, server_context: Any, certificate: Any, monkeypatch: pytest.MonkeyPatch, told: Any
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    relay.server.socket = server_context.wrap_socket(relay.server.socket, server_side=True)

    _mailer(f"smtps://{relay.address}".replace("127.0.0.1", "localhost")).notify(told())

    assert len(relay.got) == 1


def test_a_relay_without_tls_is_told_nothing(relay: Any, told: Any) -> None:
    with pytest.raises(notifiers.NotTold, match="no TLS"):
        _mailer(f"smtp://{relay.address}").notify(told())

    assert relay.got == []


def test_a_relay_that_nobody_vouches_for_is_told_nothing(relay: Any, server_context: Any, told: Any) -> None:
    relay.context = server_context

    with pytest.raises(notifiers.NotTold, match="certificate is not trusted"):
        _mailer(f"smtp://{relay.address}").notify(told())

    assert relay.got == []


@pytest.mark.parametrize(("verb", "code"), [("AUTH", 535), ("MAIL", 451), ("DATA", 554), ("EHLO", 421)])
def test_a_refusal_is_told_by_its_code_alone(relay: Any, told: Any, verb: str, code: int) -> None:
    relay.refuses = {verb: code} | ({"HELO": code} if verb == "EHLO" else {})

    with pytest.raises(notifiers.NotTold, match=rf"^the relay answered {code}$"):
        _mailer(f"smtp+plain://me:pass@{relay.address}").notify(told())


def test_a_mail_that_one_receiver_accepted_is_told(relay: Any, told: Any) -> None:
    relay.refuses_receivers = {"bo@bank.example"}

    with structlog.testing.capture_logs() as logged:
        _mailer(f"smtp+plain://{relay.address}").notify(told())

    assert [(one["event"], one["n_refused"]) for one in logged] == [("some receivers of a mail were refused", 1)]
    assert len(relay.got) == 1


def test_a_mail_that_every_receiver_refused_is_not_told(relay: Any, told: Any) -> None:
    relay.refuses_receivers = {"bank.example"}

    with pytest.raises(notifiers.NotTold, match=r"refuses every receiver \(550\)"):
        _mailer(f"smtp+plain://{relay.address}").notify(told())


def test_a_relay_that_says_nothing_is_cut_off(told: Any, receiver: Any) -> None:
    with pytest.raises(notifiers.NotTold, match="gave no answer"):
        _mailer(f"smtp+plain://{receiver.url.split('/')[2]}", timeout="PT0.2S").notify(told())


def test_a_mail_is_dated(told: Any) -> None:
    mail: EmailMessage = mail_of(told(), sender=SENDER, to=TO)

    assert abs((datetime.now().astimezone() - parsedate_to_datetime(str(mail["Date"]))).total_seconds()) < 60

"""Mail incidents through a relay; over TLS unless the address says plain. What becomes of a mail then is left to the relay.

A relay mostly stands in-house, and its operator names it: unlike other notifiers, this one may reach private addresses by itself.
"""

import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from urllib.parse import unquote, urlsplit

import structlog

from workers.alert_settings import Notifier as NotifierSettings
from workers.notifiers.errors import NotTold
from workers.notifiers.guard import connected, reason_of
from workers.notifiers.message import Message
from workers.notifiers.wording import headline, lines

_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_log = structlog.get_logger("bellwether.alerts")


class Email:
    """Mails to a few people, all of them with each message."""

    def __init__(self, url: str, *, sender: str, to: tuple[str, ...], timeout_s: float, allow_private: bool) -> None:
        """Take the relay's address, whom mails are from and for, how long one may take in all, and where the relay may be."""
        self.parts = urlsplit(url)
        self.sender, self.to = sender, to
        self.timeout_s, self.allow_private = timeout_s, allow_private

    def notify(self, message: Message) -> None:
        """Mail the message; it is told once one of its receivers was accepted, or a second try would tell that one twice."""
        mail = mail_of(message, sender=self.sender, to=self.to)
        started = time.monotonic()
        try:
            with self._relay() as relay:
                refused = relay.send_message(mail, from_addr=self.sender, to_addrs=self.to)
        except (OSError, ValueError) as error:  # whose words may repeat whom the mail was for
            raise NotTold(_reason(error, waited_s=time.monotonic() - started, timeout_s=self.timeout_s)) from None
        if refused:
            _log.warning("some receivers of a mail were refused", notifier=message.receiver, n_refused=len(refused))

    @contextmanager
    def _relay(self) -> Iterator[smtplib.SMTP]:
        """Yield a relay that was greeted, and knows us where the address has a user."""
        host, scheme = self.parts.hostname or "", self.parts.scheme
        with connected(host, self.parts.port or _PORTS[scheme], timeout_s=self.timeout_s, allow_private=self.allow_private) as sock:
            context = ssl.create_default_context()
            line = context.wrap_socket(sock, server_hostname=host) if scheme == "smtps" else sock
            with line, _Relay(line, host=host, timeout_s=self.timeout_s) as relay:
                if scheme == "smtp":
                    relay.starttls(context=context)
                if self.parts.username:
                    relay.login(unquote(self.parts.username), unquote(self.parts.password or ""))
                yield relay


class _Relay(smtplib.SMTP):
    """The standard library's client, over a connection that was made, and judged, by others."""

    def __init__(self, line: socket.socket, *, host: str, timeout_s: float) -> None:
        self._line = line
        # The local name as it is: the class would ask the network for a longer one, and wait for the answer.
        super().__init__(host, local_hostname=socket.gethostname(), timeout=timeout_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002  # the base class's own hook
        return self._line


def _reason(error: Exception, *, waited_s: float, timeout_s: float) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({str(code) for code, _ in error.recipients.values()})
        return f"the relay refuses every receiver ({', '.join(codes)})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return (
            "the relay offers no TLS, or no authentication; smtp+plain:// speaks without TLS, an address without a user without the other"
        )
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return f"the relay answered {error.smtp_code}"
    return reason_of(error, who="the relay", waited_s=waited_s, timeout_s=timeout_s)


def mail_of(message: Message, *, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """Return the mail; its id is the delivery's, and all of an incident stand in one thread."""
    mail = EmailMessage()
    mail["Subject"] = headline(message)
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = _message_id(message.delivery, sender=sender)
    thread = _message_id(f"{message.labels['incident']}-{message.fingerprint}-{message.receiver}", sender=sender)
    mail["References"], mail["In-Reply-To"] = thread, thread
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Bellwether-Delivery"] = message.delivery
    mail.set_content("\n".join(lines(message)) + "\n")
    return mail


def _message_id(name: str, *, sender: str) -> str:
    domain = sender.rpartition("@")[2].strip("<> ")
    return f"<{sha256(name.encode()).hexdigest()[:32]}@{domain}>"


def make(chosen: NotifierSettings) -> Email:
    """Return a notifier by e-mail."""
    assert chosen.url, "the settings see to it"
    assert chosen.sender, "the settings see to it"
    allow_private = True if chosen.allow_private is None else chosen.allow_private
    timeout_s = chosen.timeout.total_seconds()
    return Email(chosen.url.get_secret_value(), sender=chosen.sender, to=chosen.to, timeout_s=timeout_s, allow_private=allow_private)

"""Tell incidents through Apprise, which knows a hundred services more; in a process of its own, for Apprise keeps no time limit.

There every connection to an address that is not public is refused, whatever makes it, unless the settings allow it.
"""

import json
import subprocess
import sys
from importlib.util import find_spec

from workers import apprise_child
from workers.alert_settings import Notifier as NotifierSettings
from workers.notifiers.errors import NotTold
from workers.notifiers.message import Message
from workers.notifiers.wording import headline, lines

_REASONS = {
    apprise_child.UNKNOWN: "Apprise does not know such an address",
    apprise_child.REFUSED: "the service did not accept the message",
    apprise_child.INSIDE: "the address leads to one that is not public; set allow_private = true for this notifier if that is meant",
}
_START_S = 10
"""What a new process may take to start on a busy machine, besides the sending."""


class Apprise:
    """Tells one service, by its address in Apprise's words."""

    def __init__(self, url: str, *, timeout_s: float, allow_private: bool) -> None:
        """Take the address, how long telling may take, and where it may lead."""
        self.url, self.timeout_s, self.allow_private = url, timeout_s, allow_private

    def notify(self, message: Message) -> None:
        """Tell the service; which of the two it was, refusal or silence, Apprise does not say."""
        if find_spec("apprise") is None:
            raise NotTold("Apprise is not installed: pip install 'bellwether[notify]'")
        mood = "success" if message.status == "resolved" else "failure" if message.labels["severity"] == "critical" else "warning"
        told = {
            "url": self.url,
            "allow_private": self.allow_private,
            "say": {"title": headline(message), "body": "\n".join(lines(message)), "notify_type": mood, "body_format": "text"},
        }
        command = [sys.executable, "-m", apprise_child.__name__]
        try:
            # By standard input: arguments and environments can be read by others on the machine, and the address holds a token.
            ended = subprocess.run(
                command, input=json.dumps(told).encode(), capture_output=True, timeout=self.timeout_s + _START_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise NotTold(f"no answer within {self.timeout_s + _START_S:g} s") from None
        if ended.returncode:
            raise NotTold(_REASONS.get(ended.returncode, f"Apprise broke off (exit {ended.returncode})"))


def make(chosen: NotifierSettings) -> Apprise:
    """Return a notifier through Apprise."""
    assert chosen.url, "the settings see to it"
    return Apprise(chosen.url.get_secret_value(), timeout_s=chosen.timeout.total_seconds(), allow_private=bool(chosen.allow_private))

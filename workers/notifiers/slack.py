"""Post incidents to an incoming webhook of Slack or of one that takes its JSON, such as Mattermost or Rocket.Chat."""

from typing import Any

from workers.alert_settings import Notifier as NotifierSettings
from workers.notifiers.message import Message
from workers.notifiers.posting import Poster, encoded, poster_of
from workers.notifiers.wording import headline, lines

_COLOURS = {"critical": "#b3261e", "warning": "#e6a23c", "resolved": "#2e7d32"}
_LONGEST = 3000
"""Characters of a text that a receiver shows at most."""


class Slack:
    """Posts to one hook."""

    def __init__(self, poster: Poster) -> None:
        """Take who posts."""
        self.poster = poster

    def notify(self, message: Message) -> None:
        """Post the message."""
        self.poster.post(encoded(payload(message)))


def payload(message: Message) -> dict[str, Any]:
    """Return a headline, and below it the rest beside a bar of colour."""
    mood = message.status if message.status == "resolved" else message.labels["severity"]
    rest = "\n".join(map(_harmless, lines(message)))
    return {
        "text": _harmless(headline(message)),
        "attachments": [
            {
                "color": _COLOURS[mood],
                "fallback": _harmless(headline(message)),
                "text": rest if len(rest) <= _LONGEST else f"{rest[: _LONGEST - 1]}…",
                "footer": f"{message.labels['rule']} {message.delivery}",
                **({"title": f"Incident {message.labels['incident']}", "title_link": message.link} if message.link else {}),
            }
        ],
    }


def _harmless(text: str) -> str:
    """Return text that is shown as it is: no markup, and nobody is called by a record that says @channel."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "@\u200b")


def make(chosen: NotifierSettings) -> Slack:
    """Return a notifier of a Slack-style hook."""
    return Slack(poster_of(chosen))

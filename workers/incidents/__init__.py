"""What becomes of the turns that a scan finds, and of what people do about them.

`relation` says which turns are one incident, `severity` how grave it is, `following` when it reopens, escalates, is told or
resolves; `recording` and `tending` store that, `acting` what a person asks for.
"""

from workers.incidents.acting import acknowledge, resolve, silence, unsilence
from workers.incidents.recording import Recorded, record
from workers.incidents.relation import group
from workers.incidents.tending import tend

__all__ = ["Recorded", "acknowledge", "group", "record", "resolve", "silence", "tend", "unsilence"]

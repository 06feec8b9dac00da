"""Alarms: what the operator has to know of at once, told once for each event."""

from digest.alarms.looking import Alarm, open_now
from digest.alarms.telling import in_words, tell, watch

__all__ = ["Alarm", "in_words", "open_now", "tell", "watch"]

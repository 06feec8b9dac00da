"""Readers: subscribe -> confirm -> prefer, rate, move -> unsubscribe, erase."""

from digest.subscribers.addresses import normalised
from digest.subscribers.by_mail import leave_by_mail, read_mailbox
from digest.subscribers.choices import Choices, choices
from digest.subscribers.exporting import export
from digest.subscribers.joining import Confirmed, add, confirm, subscribe
from digest.subscribers.keeping import interests, keep, requested
from digest.subscribers.leaving import (
    STAYING,
    changes_naming,
    end_mail,
    erase,
    forget_address,
    may_undo,
    undo,
    unsubscribe,
)
from digest.subscribers.moving import (
    UNDO_MOVE_WITHIN,
    Moved,
    ask_to_move,
    change_behind,
    forget_moves,
    move,
    state_of_move,
    state_of_undo,
    undo_move,
)
from digest.subscribers.rating import Said, rate, ratings, said, texts
from digest.subscribers.silence import silent
from digest.subscribers.staying import pause, prefer, replace_feed, resume, revoke
from digest.subscribers.stopping import asking_again, bar_imports, forgive, stop_address

__all__ = [
    "STAYING",
    "UNDO_MOVE_WITHIN",
    "Choices",
    "Confirmed",
    "Moved",
    "Said",
    "add",
    "ask_to_move",
    "asking_again",
    "bar_imports",
    "change_behind",
    "changes_naming",
    "choices",
    "confirm",
    "end_mail",
    "erase",
    "export",
    "forget_address",
    "forget_moves",
    "forgive",
    "interests",
    "keep",
    "leave_by_mail",
    "may_undo",
    "move",
    "normalised",
    "pause",
    "prefer",
    "rate",
    "ratings",
    "read_mailbox",
    "replace_feed",
    "requested",
    "resume",
    "revoke",
    "said",
    "silent",
    "state_of_move",
    "state_of_undo",
    "stop_address",
    "subscribe",
    "texts",
    "undo",
    "undo_move",
    "unsubscribe",
]

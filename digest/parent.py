"""Children that end with the process that started them, whatever its death."""

import ctypes
import signal

PR_SET_PDEATHSIG = 1

# Opened here: between fork and exec, with threads running, nothing else may be done.
_LIBC = ctypes.CDLL(None)


def die_with_parent() -> None:
    """Ask the kernel to send SIGTERM to this process when its parent is gone (Linux only)."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

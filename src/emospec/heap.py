"""How the C library treats memory that was freed."""

import ctypes
import sys
from functools import cache

KEPT = 64 * 2**20  # bytes that it may hold back from the system
LARGEST = 8 * 2**20  # bytes of one array that may be taken from them
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of mallopt

# The same for processes that are started with it in their environment.
ENVIRONMENT = {"MALLOC_TRIM_THRESHOLD_": str(KEPT), "MALLOC_MMAP_THRESHOLD_": str(LARGEST)}


@cache
def keep_freed_memory() -> None:
    """Let this process use memory again that it freed, where its C library is glibc; elsewhere this does nothing.

    glibc gives the arrays of a clip back to the system as soon as they are freed, and takes them anew for the next:
    90 page faults a clip, a fifth of the time of drawing it.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, KEPT)
        mallopt(_MMAP_THRESHOLD, LARGEST)

"""What the decoder's process may not do: take much memory, write, make or remove files."""

import ctypes
import resource
import struct
import sys

_NO_NEW_PRIVILEGES = 38
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_WRITES = 1 << 1 | sum(1 << bit for bit in range(4, 13))
"""Write a file; remove and make files, folders and devices: Landlock's first version."""


def confine(memory_bytes: int) -> None:
    """Bind this process for good.

    Parameters
    ----------
    memory_bytes
        Most address space. [B]
    """
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = memory_bytes if most == resource.RLIM_INFINITY else min(memory_bytes, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        forbid_writing()


def forbid_writing() -> bool:
    """Let the kernel refuse every change of a file system, where it can.

    Returns
    -------
    bool
        Whether it does; without Landlock (Linux 5.13), files can be made but stay empty.

    References
    ----------
    Landlock: unprivileged access control, Linux kernel documentation, userspace-api/landlock.
    """
    kernel = ctypes.CDLL(None, use_errno=True)
    handled = struct.pack("=Q", _WRITES)
    ruleset = kernel.syscall(_CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0)
    if ruleset < 0 or kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(kernel.syscall(_RESTRICT_SELF, ruleset, 0) == 0)

"""How long a unit is waited for, and how much is asked at once."""

import asyncio
from dataclasses import dataclass
from typing import Any

_READING_S = 0.1
"""Time to read what arrived while this process was held up. [s]"""
_SLOWEST = 8
"""How much rarer looks at a unit become, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Bounds on waiting.

    Parameters
    ----------
    timeout_s
        Time for the first answer. [s]
    retries
        How often a request is sent again; each time it may take ``growth`` times as long.
    growth
        Factor on the time for an answer.
    batch
        Objects in one message; small units take 484 bytes (RFC 3417, 3.2).
    poll_s
        Time between two looks at a unit that is to change; grows while it does not. [s]
    verify_s
        Time for the unit's own consistency check. [s]
    prove_cycles
        Cycles within which a plan must run.
    prove_least_s
        Time for the proof, however short the cycle. [s]
    day_s
        Time for a unit to look at its schedule anew, which it may do once a minute. [s]
    return_s
        Time for a silent unit to come back before a roll-back is given up. [s]
    """

    timeout_s: float = 1.0
    retries: int = 3
    growth: float = 1.5
    batch: int = 16
    poll_s: float = 0.25
    verify_s: float = 30.0
    prove_cycles: float = 2.0
    prove_least_s: float = 10.0
    day_s: float = 70.0
    return_s: float = 60.0

    def timeouts_s(self) -> tuple[float, ...]:
        """Return the time for each attempt. [s]."""
        return tuple(self.timeout_s * self.growth**attempt for attempt in range(self.retries + 1))

    def longer_s(self, pause_s: float) -> float:
        """Return the next pause before a look at a unit that takes its time. [s].

        A unit may need minutes to get into step, and hundreds of them may do so at once: looks at
        the first pace would leave no time for their pushes.
        """
        return min(pause_s * self.growth, self.poll_s * _SLOWEST)


async def has_come(answer: asyncio.Future[Any], timeout_s: float) -> bool:
    """Wait for an answer, and tell whether it has come; it is not cancelled.

    On a busy machine this process may be held up for longer than a unit is waited for.  Then the
    time is over and the answer lies unread, so what lies there is read before the unit is called
    silent.

    Parameters
    ----------
    answer
        What is waited for.
    timeout_s
        Time for it. [s]
    """
    for wait_s in (timeout_s, _READING_S):
        done, _ = await asyncio.wait({answer}, timeout=wait_s)
        if done:
            return True
    return False

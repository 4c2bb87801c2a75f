"""What can be wrong with a unit: every fault has a name and can be switched on and off."""

from enum import StrEnum


class Fault(StrEnum):
    """A fault of a virtual unit."""

    # The network between manager and unit
    SILENT = "silent"
    SLOW = "slow"
    LOST_REQUESTS = "lost-requests"
    LOST_REPLIES = "lost-replies"
    DOUBLED_REQUESTS = "doubled-requests"
    DOUBLED_REPLIES = "doubled-replies"
    LATE_REPLIES = "late-replies"
    GARBLED_REPLIES = "garbled-replies"
    CUT_REPLIES = "cut-replies"
    # Its SNMP agent
    WRONG_CREDENTIALS = "wrong-credentials"
    WRONG_ENGINE_TIME = "wrong-engine-time"
    WRONG_REQUEST_ID = "wrong-request-id"
    TOO_BIG = "too-big"
    GENERAL_ERROR = "general-error"
    READ_ONLY = "read-only"
    MISSING_OBJECTS = "missing-objects"
    MISSING_TRANSACTION = "missing-transaction"
    MISSING_STATUS = "missing-status"
    # Its memory
    LYING_READBACK = "lying-readback"
    DEAF_SPLITS = "deaf-splits"
    STUCK_TRANSACTION = "stuck-transaction"
    STUCK_VERIFY = "stuck-verify"
    FAILING_VERIFY = "failing-verify"
    FORGETS_TRANSACTION = "forgets-transaction"
    HALF_STORED = "half-stored"
    FOREIGN_TRANSACTION = "foreign-transaction"
    OTHER_SAFETY_TIMES = "other-safety-times"
    # Its power
    REBOOT_ON_SET = "reboot-on-set"
    POWER_LOSS_IN_TRANSACTION = "power-loss-in-transaction"
    REBOOT_ON_ACTIVATION = "reboot-on-activation"
    # What it does
    FREE = "free"
    MANUAL = "manual"
    IGNORES_PATTERN = "ignores-pattern"
    LYING_STATUS = "lying-status"
    FAILED_COORDINATION = "failed-coordination"
    CONFLICT = "conflict"
    FLASH = "flash"
    NO_WATCHDOG = "no-watchdog"
    CLOCK_DRIFT = "clock-drift"
    CLOCK_JUMP = "clock-jump"
    DEAD_DETECTORS = "dead-detectors"


MEANING = {
    Fault.SILENT: "answers nothing",
    Fault.SLOW: "answers 2.5 s late",
    Fault.LOST_REQUESTS: "every third request does not arrive",
    Fault.LOST_REPLIES: "every third request is obeyed, its reply does not arrive",
    Fault.DOUBLED_REQUESTS: "every request arrives twice",
    Fault.DOUBLED_REPLIES: "every reply arrives twice",
    Fault.LATE_REPLIES: "every second reply arrives 1.2 s late, after the next",
    Fault.GARBLED_REPLIES: "every second reply has a changed bit",
    Fault.CUT_REPLIES: "every second reply is cut short",
    Fault.WRONG_CREDENTIALS: "knows other secrets than the manager",
    Fault.WRONG_ENGINE_TIME: "takes every request for one of another time",
    Fault.WRONG_REQUEST_ID: "answers with another request's number",
    Fault.TOO_BIG: "refuses requests of more than two objects",
    Fault.GENERAL_ERROR: "refuses every SET with genErr",
    Fault.READ_ONLY: "refuses every SET with notWritable",
    Fault.MISSING_OBJECTS: "has no splitCoordPhase, no sequenceData and no day plans",
    Fault.MISSING_TRANSACTION: "has no dbCreateTransaction",
    Fault.MISSING_STATUS: "has no localFreeStatus and no unitControlStatus",
    Fault.LYING_READBACK: "shows cycle, offset and splits as they were when the fault began",
    Fault.DEAF_SPLITS: "accepts splits and stores none",
    Fault.STUCK_TRANSACTION: "refuses to leave a transaction",
    Fault.STUCK_VERIFY: "never ends a verify",
    Fault.FAILING_VERIFY: "finds every transaction inconsistent",
    Fault.FORGETS_TRANSACTION: "drops an open transaction after two SETs",
    Fault.HALF_STORED: "stores only half of a transaction",
    Fault.FOREIGN_TRANSACTION: "somebody else opens a transaction every 5 s",
    Fault.OTHER_SAFETY_TIMES: "shows a red clearance that is 1 s shorter",
    Fault.REBOOT_ON_SET: "loses power for 3 s at every fifth SET",
    Fault.POWER_LOSS_IN_TRANSACTION: "loses power for 3 s at the third SET of a transaction",
    Fault.REBOOT_ON_ACTIVATION: "loses power for 3 s when a pattern is commanded",
    Fault.FREE: "a switch in the cabinet asks for Free",
    Fault.MANUAL: "somebody at the cabinet controls it by hand",
    Fault.IGNORES_PATTERN: "accepts systemPatternControl and does nothing",
    Fault.LYING_STATUS: "runs Free and reports the commanded pattern",
    Fault.FAILED_COORDINATION: "gives coordination up",
    Fault.CONFLICT: "shows a conflicting green, so that its monitor trips",
    Fault.FLASH: "a switch in the cabinet asks for flash",
    Fault.NO_WATCHDOG: "has a unitBackupTime of 0 that cannot be changed",
    Fault.CLOCK_DRIFT: "its clock gains 1 %",
    Fault.CLOCK_JUMP: "its clock is 37 s ahead",
    Fault.DEAD_DETECTORS: "no detector ever reports",
}
"""What each fault does, for people."""

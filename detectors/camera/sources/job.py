"""What the decoder's process is told, through a pipe and never on its command line."""

from dataclasses import dataclass

from detectors.camera.sources.address import Address
from detectors.camera.sources.stream import MakeReducer, StreamInfo, StreamLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of the decoder.

    Parameters
    ----------
    address
        What to read.
    make
        Makes the reducer.
    limits
        Bounds that the decoder keeps.
    skip_frames
        Frames that were delivered before and are not delivered again. [-]
    expected
        Facts of the first run; another picture size is refused.
    zero_s
        The stream's zero on the machine's monotonic clock, for a live source that is opened
        again; None in its first run. [s]
    snapshot_every_s
        Stream time between blurred snapshots; None, as ever by default, for no snapshot. [s]
    """

    address: Address
    make: MakeReducer
    limits: StreamLimits
    skip_frames: int = 0
    expected: StreamInfo | None = None
    zero_s: float | None = None
    snapshot_every_s: float | None = None

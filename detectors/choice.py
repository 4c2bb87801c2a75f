"""Which detector speaks for a lane."""

from collections.abc import Collection, Sequence

from citybrain.model.flows import Detector, DetectorKind

PREFERENCE = (DetectorKind.STOP_BAR, DetectorKind.ADVANCE, DetectorKind.EXIT)
"""Kinds of detectors, the preferred one first."""


def detector_of_lanes(
    detectors: Sequence[Detector], speaking: Collection[str]
) -> dict[str, Detector]:
    """Choose one detector for each lane.

    Those that said anything come before silent ones; then a stop-bar detector before an advance
    one before an exit one, then the one nearest the stop line, then the first by name.

    Parameters
    ----------
    detectors
        Inventory.
    speaking
        Names of the detectors that said anything.

    Returns
    -------
    dict
        Lane → its detector, in the order of the inventory.
    """
    lanes: dict[str, list[Detector]] = {}
    for detector in detectors:
        lanes.setdefault(detector.lane, []).append(detector)

    def rank(detector: Detector) -> tuple[bool, int, float, str]:
        return (
            detector.name not in speaking,
            PREFERENCE.index(detector.kind),
            detector.distance_to_stop_line_m,
            detector.name,
        )

    return {lane: min(candidates, key=rank) for lane, candidates in lanes.items()}


def silent_lanes(detectors: Sequence[Detector], speaking: Collection[str]) -> frozenset[str]:
    """Return the lanes of which some detector speaks and a preferred one is silent."""
    chosen = detector_of_lanes(detectors, speaking)
    wanted = detector_of_lanes(detectors, [detector.name for detector in detectors])
    return frozenset(lane for lane in chosen if chosen[lane] is not wanted[lane])

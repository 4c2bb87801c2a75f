"""SUMO in a process of its own, stepped over a pipe: no port is opened, and its death is told.

Only this process loads libsumo, because a simulation that fails takes its process along.
"""

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a live run looks at.

    Parameters
    ----------
    zones
        Names of the presence zones (lane area detectors) before the stop lines.
    intersections
        Intersections whose colours are set from outside.
    """

    zones: tuple[str, ...]
    intersections: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one step of a live run showed.

    Parameters
    ----------
    time_s
        Simulation time after the step. [s]
    occupied
        Presence zones with a vehicle in them.
    arrived
        Presence zone → vehicles that entered it during the step.
    collisions
        Collisions during the step.
    """

    time_s: float
    occupied: frozenset[str]
    arrived: Mapping[str, int]
    collisions: int


def serve(pipe: Connection, command: Sequence[str], watch: Watch) -> None:
    """Run SUMO until the pipe closes; the process's main function.

    Each message that arrives maps intersections to states; the answer is what the step showed,
    or a text that says why the simulation failed.

    Parameters
    ----------
    pipe
        Other end of the caller's pipe.
    command
        SUMO's command line.
    watch
        What is looked at.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        import libsumo  # noqa: PLC0415 - warns about pyarrow on standard output
    try:
        libsumo.start(list(command))
        for zone in watch.zones:
            libsumo.lanearea.subscribe(zone, [libsumo.constants.LAST_STEP_VEHICLE_ID_LIST])
        states = {n: libsumo.trafficlight.getRedYellowGreenState(n) for n in watch.intersections}
        pipe.send(states)
        before: dict[str, frozenset[str]] = {}
        while True:
            for name, state in pipe.recv().items():
                libsumo.trafficlight.setRedYellowGreenState(name, state)
            libsumo.simulationStep()
            now = _vehicles(libsumo.lanearea.getAllSubscriptionResults())
            pipe.send(_seen(libsumo, before, now))
            before = now
    except EOFError:
        libsumo.close()
    except Exception as error:  # whatever it is, the other side is told
        with contextlib.suppress(OSError):
            pipe.send(str(error) or type(error).__name__)


def _vehicles(results: Mapping[str, Mapping[int, Sequence[str]]]) -> dict[str, frozenset[str]]:
    return {
        zone: frozenset(name for found in values.values() for name in found)
        for zone, values in results.items()
    }


def _seen(
    libsumo: object, before: Mapping[str, frozenset[str]], now: Mapping[str, frozenset[str]]
) -> Seen:
    simulation = libsumo.simulation  # type: ignore[attr-defined]
    arrived = {zone: len(names - before.get(zone, frozenset())) for zone, names in now.items()}
    return Seen(
        time_s=float(simulation.getTime()),
        occupied=frozenset(zone for zone, names in now.items() if names),
        arrived={zone: count for zone, count in arrived.items() if count},
        collisions=int(simulation.getCollidingVehiclesNumber()),
    )

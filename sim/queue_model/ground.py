"""What the queue model is compiled from: streets and signals as they stand in the files."""

from dataclasses import dataclass, field

from citybrain.model.network import Network
from citybrain.units import DAY_S
from sim.queue_model.physics import Physics
from sim.queue_model.right_of_way import RightOfWay, read_right_of_way
from sim.queue_model.signals import Signals, number_signals
from sim.sumo.net_file import NetFile, read_net_file
from sim.sumo.scenario import SumoScenario
from sim.sumo.xml_files import seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Streets and signals of a scenario, or of a part of it.

    Parameters
    ----------
    net, right_of_way
        The network file.
    signals
        Signals that plans retime, and the others.
    movements
        Names of the movements at the former.
    begin_s, horizon_s
        Begin in the simulation's time, and duration. [s]
    patience_s
        Standing at the front for longer takes a vehicle on: SUMO's ``time-to-teleport``. [s]
    """

    net: NetFile = field(repr=False)
    right_of_way: RightOfWay = field(repr=False)
    signals: Signals
    movements: tuple[str, ...] = field(repr=False)
    begin_s: int
    horizon_s: int
    patience_s: float = Physics().patience_s


def read_ground(scenario: SumoScenario, network: Network) -> Ground:
    """Read the files of a scenario.

    Parameters
    ----------
    scenario, network
        Files, and the signals that plans retime.

    Raises
    ------
    InputError
        A file is missing or broken.
    """
    return Ground(
        net=read_net_file(scenario.net_file),
        right_of_way=read_right_of_way(scenario.net_file),
        signals=number_signals(scenario, network),
        movements=tuple(network.movements),
        begin_s=round(scenario.begin_s),
        horizon_s=round(scenario.end_s - scenario.begin_s),
        patience_s=_patience_s(scenario),
    )


def _patience_s(scenario: SumoScenario) -> float:
    """Return after how long vehicles are taken on; where SUMO never does it, longer than a day."""
    told = dict(scenario.options).get("time-to-teleport")
    if told is None:
        return Physics().patience_s
    patience_s = seconds(told, scenario.config)
    return patience_s if patience_s > 0 else 2 * DAY_S

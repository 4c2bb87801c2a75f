"""What the queue model is compiled from: streets and signals as they stand in the files."""

from dataclasses import dataclass, field

from citybrain.model.network import Network
from sim.queue_model.right_of_way import RightOfWay, read_right_of_way
from sim.queue_model.signals import Signals, number_signals
from sim.sumo.net_file import NetFile, read_net_file
from sim.sumo.scenario import SumoScenario


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
    """

    net: NetFile = field(repr=False)
    right_of_way: RightOfWay = field(repr=False)
    signals: Signals
    movements: tuple[str, ...] = field(repr=False)
    begin_s: int
    horizon_s: int


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
    )

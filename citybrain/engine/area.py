"""A study area: a scenario read once, with its network, programs and running plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from citybrain.config import SafetyLimits
from citybrain.errors import InfeasibleError
from citybrain.model.nema.phases import PhaseMap
from citybrain.model.network import Network
from citybrain.model.plan import Plan, ProgramLibrary
from citybrain.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE
from sim.sumo.network import read_network
from sim.sumo.programs import read_programs, running_plan
from sim.sumo.scenario import SumoScenario, open_scenario
from sim.sumo.tls_reader import read_declarations


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyArea:
    """What every use case starts from.

    Parameters
    ----------
    scenario
        Files, time and options.
    network
        Streets and signals.
    library
        Every program that the scenario declares.
    running
        The plan that runs today, of all intersections that can be retimed.
    limits
        Bounds that every plan keeps.
    safety
        File of the safety data that the network's bounds come from, if somebody gave one.
    phase_maps
        Intersection → phases, rings and barriers of its unit, where that file tells them.
    """

    scenario: SumoScenario
    network: Network
    library: ProgramLibrary
    running: Plan
    limits: SafetyLimits
    safety: Path | None = None
    phase_maps: Mapping[str, PhaseMap] = field(default_factory=dict)

    @property
    def hours(self) -> float:
        """Time in which vehicles depart [h]; a minute where all depart at once."""
        scenario = self.scenario
        departing_s = scenario.end_s - scenario.begin_s - scenario.clearing_s
        if scenario.clearing_s:
            departing_s = max(departing_s, SECONDS_PER_MINUTE)
        return departing_s / SECONDS_PER_HOUR

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the reader of a verdict must know about the scenario and its signals."""
        untouched = (
            f"{u.intersection} is left as it is: {u.reason}" for u in self.network.untouched
        )
        accepted = (
            f"{intersection.name}: {caveat}"
            for intersection in self.network.intersections.values()
            for caveat in intersection.caveats
        )
        return (*self.scenario.caveats, *untouched, *accepted)

    def check_retimable(self) -> None:
        """Raise unless there is something to retime.

        Raises
        ------
        InfeasibleError
            Every signal is left as it is; each is named with the reason.
        """
        if not self.network.intersections:
            reasons = "; ".join(f"{u.intersection}: {u.reason}" for u in self.network.untouched)
            msg = f"{self.scenario.net_file}: no signal can be retimed ({reasons})"
            raise InfeasibleError(msg)


def open_network(net_file: Path, limits: SafetyLimits) -> tuple[Network, Plan]:
    """Read the streets and signals of one SUMO network, and the plan that the file itself runs.

    Parameters
    ----------
    net_file
        The network.
    limits
        Bounds that every plan keeps.

    Raises
    ------
    InputError
        The file is missing or broken.
    """
    declarations = read_declarations((net_file,))
    network = read_network(net_file, declarations, limits)
    return network, running_plan(read_programs(declarations, network), network)


def open_area(path: Path, period: str | None, limits: SafetyLimits) -> StudyArea:
    """Read a scenario and everything it names.

    Parameters
    ----------
    path
        A ``.sumocfg``, a ``scenario.toml`` or a folder that holds one.
    period
        Period of a ``scenario.toml``; its default if none.
    limits
        Bounds that every plan keeps.

    Raises
    ------
    InputError
        A file is missing or broken.
    """
    scenario = open_scenario(path, period)
    declared = read_declarations((scenario.net_file, *scenario.additional_files))
    declarations = replace(declared, begin_s=scenario.begin_s, end_s=scenario.end_s)
    network = read_network(scenario.net_file, declarations, limits)
    library = read_programs(declarations, network)
    return StudyArea(
        scenario=scenario,
        network=network,
        library=library,
        running=running_plan(library, network),
        limits=limits,
    )

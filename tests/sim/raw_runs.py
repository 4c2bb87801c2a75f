"""Runs of SUMO that use none of citybrain's reading or staging: the second route to a figure."""

import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree

from sim.sumo.run import sumo_binary, sumo_environment

CITY = Path(__file__).parents[2] / "scenarios" / "crossing_arterials"


@dataclass(frozen=True)
class RawRun:
    """What one plain call of SUMO left."""

    folder: Path

    @property
    def trips_file(self) -> Path:
        return self.folder / "tripinfo.xml"

    @property
    def statistics_file(self) -> Path:
        return self.folder / "statistics.xml"

    @property
    def routes_file(self) -> Path:
        return self.folder / "vehroutes.xml"

    @cached_property
    def trips(self) -> list[ElementTree.Element]:
        """Everyone who wanted to depart before the end; SUMO also writes who wants to at it."""
        written = ElementTree.parse(self.trips_file).getroot().findall("tripinfo")
        return [trip for trip in written if trip.get("departDelay") != "0.00" or departed(trip)]

    @cached_property
    def kept_out(self) -> list[ElementTree.Element]:
        return [trip for trip in self.trips if not departed(trip)]

    @property
    def mean_delay_s(self) -> float:
        lost_s = sum(
            float(trip.attrib["timeLoss"]) + float(trip.attrib["departDelay"])
            for trip in self.trips
        )
        return lost_s / len(self.trips)

    def statistic(self, element: str, attribute: str) -> int:
        found = ElementTree.parse(self.statistics_file).getroot().find(element)
        assert found is not None
        return int(found.attrib[attribute])


def departed(traveller: ElementTree.Element) -> bool:
    return float(traveller.attrib["depart"]) >= 0


def raw_run(config: Path, folder: Path, *options: str | Path) -> RawRun:
    """Call SUMO as its user would, with everyone written out."""
    folder.mkdir()
    run = RawRun(folder)
    command = [sumo_binary(), "-c", config, "--no-step-log", "--no-warnings", *options]
    command += ["--tripinfo-output", run.trips_file, "--statistic-output", run.statistics_file]
    command += ["--tripinfo-output.write-unfinished", "--tripinfo-output.write-undeparted"]
    command += ["--vehroute-output", run.routes_file]
    for flag in ("exit-times", "write-unfinished", "last-route", "intended-depart"):
        command += [f"--vehroute-output.{flag}"]
    subprocess.run(
        list(map(str, command)), env=sumo_environment(), check=True, stdout=subprocess.DEVNULL
    )
    return run

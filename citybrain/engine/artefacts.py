"""The files that the main job leaves: written at its end, each whole or not at all."""

from dataclasses import dataclass
from pathlib import Path

from citybrain.engine.area import StudyArea
from citybrain.engine.demand import Demand
from citybrain.files import atomic_write_bytes, atomic_write_text, written_together
from citybrain.model.flows import FlowSnapshot
from citybrain.model.plan import Plan
from citybrain.model.search_course import SearchCourse
from citybrain.model.verdict import Decision, Verdict
from citybrain.report.page import render_report
from citybrain.store.demand import write_turning_demand
from citybrain.store.flows import write_flows
from citybrain.store.plans import write_plan
from citybrain.store.verdicts import write_verdict
from sim.sumo.programs import write_programs

_ACCEPTED, _NOT_ACCEPTED = "plan.add.xml", "plan.not-accepted.add.xml"
_NAMES = {
    "flows": "flows.parquet",
    "demand": "demand.json",
    "routes": "demand.rou.xml",
    "plan": "plan.json",
    "verdict": "verdict.json",
    "report": "report.html",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefacts:
    """What is to be written.

    Parameters
    ----------
    area, demand
        Study area and demand.
    flows
        Measured flows; none without a feed.
    proposed
        Proposed plan; without one the running plan is written.
    verdict
        Verdict on the proposed plan.
    course
        How the plan was found.
    """

    area: StudyArea
    demand: Demand
    flows: FlowSnapshot | None
    proposed: Plan | None
    verdict: Verdict | None
    course: SearchCourse | None = None

    def write(self, out: Path) -> dict[str, Path]:
        """Write the files into a folder, all together, in place of those of an earlier job.

        Only an accepted plan is called ``plan.add.xml``.

        Parameters
        ----------
        out
            Folder; it is made if it is missing.

        Returns
        -------
        dict
            Role → file.

        Raises
        ------
        InputError
            A file cannot be written.
        """
        stale = (*_NAMES.values(), _ACCEPTED, _NOT_ACCEPTED)
        with written_together(out, stale) as part:
            files = self._write_into(part)
        return {role: out / name for role, name in files.items()}

    def _write_into(self, part: Path) -> dict[str, str]:
        demand = self.demand
        roles = ["plan", "demand"]
        write_plan(self.proposed or self.area.running, part / _NAMES["plan"])
        write_turning_demand(
            demand.turning, demand.fits, demand.description, part / _NAMES["demand"]
        )
        if self.flows is not None:
            roles += ["flows", "routes"]
            write_flows(self.flows, part / _NAMES["flows"])
            routes = demand.scenario.route_files[0].read_bytes()
            atomic_write_bytes(part / _NAMES["routes"], routes)
        files = {role: _NAMES[role] for role in roles}
        if self.proposed is not None and self.verdict is not None:
            is_accepted = self.verdict.decision is Decision.ACCEPT
            files["programs"] = _ACCEPTED if is_accepted else _NOT_ACCEPTED
            write_programs(self.proposed, self.area.network, part / files["programs"])
            files |= _write_evidence(self.area, self.proposed, self.verdict, part, self.course)
        return files


def write_proof(area: StudyArea, proposed: Plan, verdict: Verdict, out: Path) -> dict[str, Path]:
    """Write a verdict and its report into a folder.

    Parameters
    ----------
    area
        The study area.
    proposed
        The plan that was judged.
    verdict
        The verdict on it.
    out
        Folder; it is made if it is missing.

    Raises
    ------
    InputError
        A file cannot be written.
    """
    with written_together(out) as part:
        files = _write_evidence(area, proposed, verdict, part)
    return {role: out / name for role, name in files.items()}


def _write_evidence(
    area: StudyArea,
    proposed: Plan,
    verdict: Verdict,
    folder: Path,
    course: SearchCourse | None = None,
) -> dict[str, str]:
    files = {role: _NAMES[role] for role in ("verdict", "report")}
    page = render_report(verdict, area.network, area.running, proposed, course)
    write_verdict(verdict, folder / files["verdict"])
    atomic_write_text(folder / files["report"], page)
    return files

"""SUMO's own crossing with a loop on every lane: the truth of what passed, and parts taken out."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks._interval_feeds import FEED_S, Faults, detected, gaps_s, with_holes
from detectors.pulses import Floats, Pulses
from detectors.readers.sumo_instant import read_instant_e1
from sim.sumo.run import SUMO_HOME, sumo_binary, sumo_environment

Feed = tuple[Pulses, list[Floats]]
"""Pulses of a run, and for each loop when vehicles really came onto it [s]."""
NET = SUMO_HOME / "tools" / "game" / "cross" / "cross.net.xml"
IN_LANES = ("1si_0", "1si_1", "1si_2", "2si_0", "2si_1", "2si_2", "3si_0", "3si_1", "4si_0")
OUT_LANES = ("1o_0", "2o_0", "3o_0", "4o_0")
SEEDS = (11, 12)
BIN_S = 300.0
CASES = {
    "SUMO crossing": Faults(),
    "SUMO crossing, gaps": Faults(gaps=6),
    "SUMO crossing, all of it": Faults(
        missed=0.02, doubled=0.01, broken=0.02, lost_offs=0.06, gaps=4
    ),
}


def sumo_passages() -> Iterator[list[Floats]]:
    """Run SUMO and return when vehicles came onto each loop, one list for each seed [s]."""
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            path = simulated(Path(folder), seed)
            pulses = read_instant_e1(path)
        yield [pulses.on_s[pulses.detector == at] for at in range(len(pulses.names))]


def simulated(folder: Path, seed: int) -> Path:
    """Run the crossing for the length of a feed and return the output of its loops."""
    loops = "".join(
        f'<instantInductionLoop id="{lane}" lane="{lane}" pos="-15" file="loops.xml"/>'
        for lane in IN_LANES + OUT_LANES
    )
    (folder / "loops.add.xml").write_text(f"<additional>{loops}</additional>")
    trips = "".join(
        f'<flow id="{a}{b}" begin="0" end="{FEED_S:.0f}" period="exp(0.0{2 + (a + b) % 3})" '
        f'from="{a}fi" to="{b}fo"/>'
        for a in range(1, 5)
        for b in range(1, 5)
        if a != b
    )
    (folder / "trips.rou.xml").write_text(f"<routes>{trips}</routes>")
    options = ["-n", str(NET), "-r", "trips.rou.xml", "-a", "loops.add.xml", "--end", str(FEED_S)]
    subprocess.run(
        [sumo_binary(), *options, "--seed", str(seed), "-W", "--no-step-log"],
        cwd=folder,
        env=sumo_environment(),
        check=True,
        capture_output=True,
    )
    return folder / "loops.xml"


def sumo_feeds() -> Iterator[tuple[str, list[Feed]]]:
    """Return for each case the feeds made of the runs: pulses and truth."""
    runs = list(sumo_passages())
    for name, faults in CASES.items():
        feeds = []
        for seed, truth in zip(SEEDS, runs, strict=True):
            rng = np.random.default_rng((20260318, seed, len(name)))
            found = [detected(passed_s, faults, rng) for passed_s in truth]
            lane = np.repeat(np.arange(len(truth)), [len(on_s) for on_s, _ in found])
            on_s = np.concatenate([on_s for on_s, _ in found])
            off_s = np.concatenate([off_s for _, off_s in found])
            feeds.append((with_holes(on_s, off_s, lane, gaps_s(faults.gaps, rng)), truth))
        yield name, feeds

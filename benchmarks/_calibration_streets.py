"""Small SUMO streets, each with one question, whose answers calibrate the queue model."""

from functools import cache

import numpy as np

from benchmarks._one_lane import Street, passages

SPEED_MPS = 13.89
SPACE_M = 7.5
EXIT_M = 100.0
"""Street between a crossing and the red behind it. [m]"""
_CYCLE_S, _GREEN_S, _YELLOW_S = 120, 60, 3
_SEEDS = (0, 1)
_CAR = '<vType id="car" vClass="passenger" {told}/>'
_STEP_S = 1.0
"""SUMO's positions at a time hold the motion of the second before: greens act one step early."""


@cache
def crossings_s(speed_mps: float, told: str = "", shown: str = "G", count: int = 14) -> np.ndarray:
    """Return the mean crossing times of the first vehicles after the start of green [s]."""
    rows = []
    for seed in _SEEDS:
        street = _signal_street(speed_mps, told, shown)
        rows += _after_green_s(sorted(passages(street, seed)["stop"].values()), count)
    mean_s: np.ndarray = np.mean(rows, axis=0)
    return mean_s


def _signal_street(speed_mps: float, told: str, shown: str = "G") -> Street:
    return Street(
        nodes='<node id="a" x="0" y="0"/><node id="b" x="800" y="0" type="traffic_light"/>'
        '<node id="c" x="1600" y="0"/>',
        edges=f'<edge id="in" from="a" to="b" numLanes="1" speed="{speed_mps}"/>'
        f'<edge id="out" from="b" to="c" numLanes="1" speed="{speed_mps}"/>',
        programs=_program(shown),
        detectors={"stop": ("in_0", -0.1)},
        demand=_CAR.format(told=told)
        + '<flow id="f" type="car" begin="0" end="3600" period="1.7" departSpeed="max" '
        'departPos="last"><route edges="in out"/></flow>',
    )


def _program(shown: str) -> str:
    """Return the program of a signal that shows red, then green of some kind, then yellow."""
    red_s = _CYCLE_S - _GREEN_S - _YELLOW_S
    phases = ((red_s, "r" * len(shown)), (_GREEN_S, shown), (_YELLOW_S, "y" * len(shown)))
    rows = "".join(f'<phase duration="{s}" state="{state}"/>' for s, state in phases)
    return f'<tlLogic id="b" type="static" programID="p" offset="0">{rows}</tlLogic>'


def _after_green_s(times_s: list[float], count: int) -> list[list[float]]:
    """Return the first times after the start of each green that has so many of them [s]."""
    rows = []
    for cycle in range(4, 29):
        green_s = cycle * _CYCLE_S + _CYCLE_S - _GREEN_S - _YELLOW_S - _STEP_S
        after = [time_s - green_s for time_s in times_s if 0 <= time_s - green_s < _GREEN_S]
        if len(after) >= count:
            rows.append(after[:count])
    return rows


def zipped_s(lanes: int, end: tuple[float, float]) -> float:
    """Return the mean headway of a queue on two lanes that both lead into each lane of a street."""
    told = f'numLanes="{lanes}"'
    street = Street(
        nodes='<node id="a" x="0" y="0"/><node id="b" x="800" y="0" type="traffic_light"/>'
        f'<node id="c" x="{end[0]:g}" y="{end[1]:g}"/>',
        edges=_edge("ab", 1, 'numLanes="2"') + _edge("bc", 1, told),
        connections="".join(
            f'<connection from="ab" to="bc" fromLane="{lane}" toLane="{onto}"/>'
            for lane in range(2)
            for onto in range(lanes)
        ),
        programs=_program("G" * 2 * lanes),
        detectors={f"in_{lane}": (f"bc_{lane}", 3.0) for lane in range(lanes)},
        demand=_CAR.format(told="") + '<flow id="f" type="car" begin="0" end="3600" period="1.3" '
        'departSpeed="max" departPos="last" departLane="free"><route edges="ab bc"/></flow>',
    )
    rows = []
    for seed in _SEEDS:
        times = [time_s for seen in passages(street, seed).values() for time_s in seen.values()]
        rows += _after_green_s(sorted(times), 14)
    return float(np.diff(np.mean(rows, axis=0))[3:].mean())


def lost_mps(speed_mps: float, acceleration: float) -> float:
    """Return how much slower than allowed single vehicles drive on a free lane [m/s]."""
    street = Street(
        nodes='<node id="a" x="0" y="0"/><node id="b" x="2000" y="0"/>',
        edges=f'<edge id="in" from="a" to="b" numLanes="1" speed="{speed_mps}"/>',
        detectors={"m": ("in_0", 500.0), "n": ("in_0", 1500.0)},
        demand=_CAR.format(told=f'speedDev="0" accel="{acceleration}"')
        + '<flow id="f" type="car" begin="0" end="3600" period="60">'
        '<route edges="in"/></flow>',
    )
    times = passages(street, 1)
    took_s = np.mean([times["n"][v] - times["m"][v] for v in times["n"]])
    return float(speed_mps - 1000.0 / took_s)


def turned_per_gap(gap_s: float, lanes: int) -> float:
    """Return how many waiting left turners pass per gap of the stream against them."""
    told = f'numLanes="{lanes}"'
    street = Street(
        nodes='<node id="W" x="-600" y="0"/><node id="C" x="0" y="0" type="priority"/>'
        '<node id="E" x="600" y="0"/><node id="S" x="0" y="-400"/><node id="N" x="0" y="400"/>',
        edges="".join(_edge(name, 5, told) for name in ("WC", "CW", "EC", "CE"))
        + "".join(_edge(name, 1, told) for name in ("SC", "CS", "NC", "CN")),
        detectors={"stop": (f"CN_{lanes - 1}", 5.0)},
        demand=_CAR.format(told="")
        + f'<flow id="a" type="car" begin="0" end="1800" period="{gap_s}" departSpeed="max">'
        '<route edges="EC CW"/></flow><flow id="m" type="car" begin="0" end="1800" '
        'period="4" departSpeed="max" departLane="best"><route edges="WC CN"/></flow>',
        end_s=1800.0,
    )
    times_s = np.array(list(passages(street, 1)["stop"].values()))
    return float((times_s > 600).sum() / (1200.0 / gap_s))


def passed_per_gap(gap_s: float) -> float:
    """Return how many vehicles of a waiting minor road pass per gap of the major road."""
    street = Street(
        nodes='<node id="W" x="-600" y="0"/><node id="C" x="0" y="0" type="priority"/>'
        '<node id="E" x="600" y="0"/><node id="S" x="0" y="-400"/><node id="N" x="0" y="400"/>',
        edges=_edge("WC", 5) + _edge("CE", 5) + _edge("SC", 1) + _edge("CN", 1),
        detectors={"stop": ("SC_0", -0.5)},
        demand=_CAR.format(told="")
        + f'<flow id="a" type="car" begin="0" end="1800" period="{gap_s}" departSpeed="max">'
        '<route edges="WC CE"/></flow><flow id="m" type="car" begin="0" end="1800" '
        'period="1.5" departSpeed="max"><route edges="SC CN"/></flow>',
        end_s=1800.0,
    )
    times_s = np.array(list(passages(street, 1)["stop"].values()))
    return float((times_s > 600).sum() / (1200.0 / gap_s))


def past_a_crossing() -> int:
    """Return how many cars pass a crossing ``EXIT_M`` behind which nobody moves on."""
    street = Street(
        nodes='<node id="W" x="-500" y="0"/><node id="C" x="0" y="0" type="priority"/>'
        '<node id="E" x="150" y="0" type="traffic_light"/><node id="F" x="300" y="0"/>'
        '<node id="S" x="0" y="-300"/><node id="N" x="0" y="300"/>',
        edges=_edge("WC", 5)
        + _edge("CE", 5, f'numLanes="1" length="{EXIT_M}"')
        + _edge("EF", 5)
        + _edge("SC", 1, 'numLanes="3"')
        + _edge("CN", 1, 'numLanes="3"'),
        programs='<tlLogic id="E" type="static" programID="p" offset="0">'
        '<phase duration="900" state="r"/></tlLogic>',
        detectors={"stop": ("WC_0", -0.1)},
        demand=_CAR.format(told="") + '<flow id="f" type="car" begin="0" end="200" period="4">'
        '<route edges="WC CE EF"/></flow>',
        end_s=250.0,
    )
    return len(passages(street, 1)["stop"])


def _edge(name: str, priority: int, told: str = 'numLanes="1"') -> str:
    """Return an edge between the two nodes whose letters make its name."""
    return (
        f'<edge id="{name}" from="{name[0]}" to="{name[1]}" priority="{priority}" '
        f'speed="{SPEED_MPS}" {told}/>'
    )

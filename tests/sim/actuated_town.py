"""Four signals that follow the traffic, as netgenerate makes them, with traffic from all sides."""

from pathlib import Path

from sim.sumo.run import run_sumo

NET, ROUTES = "town.net.xml", "town.rou.xml"
_OPTIONS = "--grid.number 2 --grid.length 200 --grid.attach-length 200 -L 2 --no-turnarounds true"
_WAYS = {
    "left0A0 B0right0": 500,
    "right1B1 A1left1": 300,
    "top0A1 A0bottom0": 350,
    "bottom1B0 B1top1": 200,
    "left1A1 B0bottom1": 120,
    "top1B1 A0left0": 120,
}
"""First and last street → vehicles per hour."""


def town_in(folder: Path, *, begin_s: int = 0, end_s: int = 600, additional: str = "") -> Path:
    """Write network, routes and configuration; return the configuration."""
    net = ["--grid", *_OPTIONS.split(), "--default-junction-type", "traffic_light"]
    net += ["--tls.default-type", "actuated", "-o", str(folder / NET)]
    run_sumo(net, timeout_s=60, program="netgenerate")
    flows = "".join(
        f'<flow id="{ways[0]}" from="{ways[0]}" to="{ways[1]}" begin="{begin_s}" end="{end_s}" '
        f'probability="{vph / 3600:.4f}" departLane="best" departSpeed="max"/>'
        for ways, vph in ((ways.split(), vph) for ways, vph in _WAYS.items())
    )
    (folder / ROUTES).write_text(f"<routes>{flows}</routes>", encoding="utf-8")
    more = f'<additional-files value="{additional}"/>' if additional else ""
    config = folder / "town.sumocfg"
    config.write_text(
        f'<configuration><net-file value="{NET}"/><route-files value="{ROUTES}"/>{more}'
        f'<begin value="{begin_s}"/><end value="{end_s}"/></configuration>',
        encoding="utf-8",
    )
    return config

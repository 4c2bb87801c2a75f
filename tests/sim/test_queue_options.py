"""Which lanes drivers choose from: bus lanes, roundabouts, and what types of vehicles are."""

from collections import Counter
from pathlib import Path

import pytest

from citybrain.errors import InputError
from sim.queue_model.demand import Trip, compile_demand
from sim.queue_model.kinds import Kinds
from sim.queue_model.options import Drivers, Rows
from sim.queue_model.physics import Physics
from sim.queue_model.right_of_way import RightOfWay
from sim.queue_model.routes import compile_routes
from sim.queue_model.street_compiler import compile_streets
from sim.queue_model.streets import Streets
from sim.sumo.net_file import read_net_file

RING = ("ring1", "ring2", "ring3")
ROUTE = tuple((edge, 0.0) for edge in ("in", *RING, "out"))


def network(folder: Path, *, rings: str = "", bus_lane: str = "") -> Streets:
    """Lay out a street of two lanes, three pieces of a ring whose exit is on the right, and it."""
    path = folder / "town.net.xml"
    lanes = {"in": 2, "ring1": 2, "ring2": 2, "ring3": 2, "out": 1}
    edges = [
        f'<edge id="{edge}" from="{edge}a" to="{edge}b">'
        + "".join(
            f'<lane id="{edge}_{n}" length="20" speed="13.9" shape="0,0 20,0"'
            f"{bus_lane if (edge, n) == ('in', 0) else ''}/>"
            for n in range(count)
        )
        + "</edge>"
        for edge, count in lanes.items()
    ]
    ways = [*zip(("in", *RING), RING, strict=False)]
    connections = [
        f'<connection from="{one}" to="{other}" fromLane="{lane}" toLane="{lane}" dir="s"/>'
        for one, other in ways
        for lane in (0, 1)
    ]
    connections += ['<connection from="ring3" to="out" fromLane="0" toLane="0" dir="r"/>']
    path.write_text("<net>" + "".join([*edges, *connections, rings]) + "</net>", encoding="utf-8")
    right_of_way = RightOfWay(responses={}, foes={})
    return compile_streets(read_net_file(path), right_of_way, {}, Physics())


def lanes_of(streets: Streets, vclass: str = "passenger") -> set[str]:
    """Return the lanes that drivers choose from on the first edge."""
    return set(Drivers(streets, streets.closed_to(vclass), Rows(), 500.0).options(ROUTE))


def test_drivers_queue_early_on_the_lane_of_their_exit(tmp_path: Path) -> None:
    assert lanes_of(network(tmp_path)) == {"in_0"}


def test_the_inner_lane_of_a_roundabout_is_used_by_who_leaves_it_later(tmp_path: Path) -> None:
    streets = network(tmp_path, rings=f'<roundabout nodes="a" edges="{" ".join(RING)}"/>')

    assert lanes_of(streets) == {"in_0", "in_1"}


def test_a_roundabout_may_be_where_a_part_of_the_streets_ends(tmp_path: Path) -> None:
    streets = network(tmp_path, rings='<roundabout nodes="a" edges="ring3 out"/>')

    assert lanes_of(streets) == {"in_0"}


def test_the_inner_lane_is_left_alone_by_who_takes_the_next_exit(tmp_path: Path) -> None:
    streets = network(tmp_path, rings='<roundabout nodes="a" edges="ring3"/>')

    assert lanes_of(streets) == {"in_0"}


@pytest.mark.parametrize(
    ("vclass", "lanes"),
    [("passenger", {"in_1"}), ("bus", {"in_0", "in_1"}), ("ignoring", {"in_0", "in_1"})],
)
@pytest.mark.parametrize("rule", [' allow="bus taxi"', ' disallow="passenger truck"'])
def test_cars_keep_off_bus_lanes(tmp_path: Path, rule: str, vclass: str, lanes: set[str]) -> None:
    rings = f'<roundabout nodes="a" edges="{" ".join(RING)}"/>'

    assert lanes_of(network(tmp_path, rings=rings, bus_lane=rule), vclass) == lanes


MIXTURES = {
    "inside": """<vTypeDistribution id="mix">
        <vType id="short" length="4" minGap="1" probability="0.75"/>
        <vType id="long" vClass="bus" length="12" minGap="3" probability="0.25"/>
    </vTypeDistribution>""",
    "named": """<vType id="short" length="4" minGap="1"/>
        <vType id="long" vClass="bus" length="12" minGap="3"/>
        <vTypeDistribution id="mix" vTypes="short long" probabilities="0.75 0.25"/>""",
}


@pytest.mark.parametrize("form", MIXTURES)
def test_types_are_drawn_by_their_shares(tmp_path: Path, form: str) -> None:
    path = tmp_path / "types.add.xml"
    path.write_text(f"<additional>{MIXTURES[form]}</additional>", encoding="utf-8")
    kinds = Kinds.read([path])

    drawn = Counter(kinds.of("mix", f"car{n}").space_m for n in range(2000))

    assert set(drawn) == {5.0, 15.0}
    assert drawn[5.0] / 2000 == pytest.approx(0.75, abs=0.04)
    assert kinds.of("mix", "car7") == kinds.of("mix", "car7")
    assert kinds.of("long", "x").vclass == "bus"


def test_the_headway_that_drivers_keep_is_read(tmp_path: Path) -> None:
    path = tmp_path / "types.add.xml"
    path.write_text('<additional><vType id="calm" tau="1.5"/></additional>', encoding="utf-8")
    kinds = Kinds.read([path])

    assert [kinds.of(name, "x").tau_s for name in ("calm", "nobody knows")] == [1.5, 1.0]


@pytest.mark.parametrize("told", ["0", "-5", "nan", "inf", "soon"])
def test_a_headway_that_nobody_can_keep_is_refused(tmp_path: Path, told: str) -> None:
    path = tmp_path / "types.add.xml"
    path.write_text(f'<additional><vType id="odd" tau="{told}"/></additional>', encoding="utf-8")

    with pytest.raises(InputError, match="bad number"):
        Kinds.read([path])


def test_an_unknown_type_is_a_usual_car(tmp_path: Path) -> None:
    path = tmp_path / "types.add.xml"
    path.write_text("<additional/>", encoding="utf-8")

    assert Kinds.read([path]).of("nobody knows", "x").vclass == "passenger"


@pytest.mark.parametrize(
    ("told", "factor", "deviation"),
    [
        ("", 1.0, 0.1),
        ('speedFactor="1.2"', 1.2, 0.1),
        ('speedFactor="normc(1.10,0.20,0.2,2.0)"', 1.1, 0.2),
        ('speedFactor="norm(0.9, 0.05)" speedDev="0"', 0.9, 0.0),
        ('speedFactor="gamma(1.0, 0.1)"', 1.0, 0.1),
    ],
)
def test_drivers_want_the_speed_of_their_type(
    tmp_path: Path, told: str, factor: float, deviation: float
) -> None:
    path = tmp_path / "types.add.xml"
    path.write_text(f'<additional><vType id="one" {told}/></additional>', encoding="utf-8")

    kind = Kinds.read([path]).of("one", "x")

    assert kind.speed_factor == pytest.approx(factor, abs=1e-3)
    assert kind.speed_deviation == deviation


@pytest.mark.parametrize("told", ['accel="quick"', 'sigma="nan"', 'speedFactor="inf"'])
def test_a_bad_number_of_a_type_is_named(tmp_path: Path, told: str) -> None:
    path = tmp_path / "types.add.xml"
    path.write_text(f'<additional><vType id="one" {told}/></additional>', encoding="utf-8")

    with pytest.raises(InputError, match=r"quick|nan|inf"):
        Kinds.read([path])


@pytest.mark.parametrize(("top_mps", "factor"), [(6.95, 0.5), (20.0, 1.0)])
def test_nobody_drives_faster_than_he_can(tmp_path: Path, top_mps: float, factor: float) -> None:
    streets = network(tmp_path)
    trip = Trip(
        depart_s=0.0, edges=tuple(edge for edge, _ in ROUTE), speed_deviation=0.0, top_mps=top_mps
    )
    routes = compile_routes(streets, [trip.route], [], 500.0)

    assert compile_demand([trip], routes, streets, 1).drivers["factor"] == pytest.approx([factor])

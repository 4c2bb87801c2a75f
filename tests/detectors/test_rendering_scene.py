"""Scene files: what they may hold, and clips that SUMO drove."""

import json
from pathlib import Path

import numpy as np
import pytest

from citybrain.errors import InputError

pytest.importorskip("cv2", reason="pictures need the extra `camera`")

import cv2

from citybrain.engine.rendering import Shot, scenario_tracks, street_tracks
from citybrain.engine.scene_file import KNOWN_SCENES, SceneFile, read_scene
from citybrain.engine.scene_render import render_scene
from detectors.camera.settings import read_camera
from sim.sumo.lane_ways import junction_areas, lane_ways
from sim.sumo.made_street import Direction, MadeStreet
from sim.sumo.scenario import open_scenario
from sim.sumo.vehicle_types import read_vehicle_types

SCENARIO = Path(__file__).parents[2] / "scenarios" / "crossing_arterials"

SHORT = """
name = "short"
seed = 3
trees = false
[street]
lanes = 2
oncoming_lanes = 1
flow_vph = 3000
[camera]
frame_px = [352, 288]
[band]
beside = ["south_out"]
[conditions]
light = "night"
[shot]
duration_s = 6
warm_up_s = 45
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "scene.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_known_scenes_are_read_by_name_and_files_by_path(tmp_path: Path) -> None:
    assert read_scene(Path("night-queue")) is KNOWN_SCENES["night-queue"]
    scene = read_scene(write(tmp_path, SHORT))
    assert scene.street is not None
    assert (scene.street.lanes, scene.conditions.light) == (2, "night")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[street]\nlanes = 0\n", "street.lanes"),
        ("[conditions]\nlight = 'noon'\n", "conditions.light"),
        ("[street]\n[scenario]\npath = 'x'\n", r"\[street\] and a \[scenario\]"),
        ("lamp = 1\n", "lamp"),
        ("name = \n", "not valid TOML"),
    ],
)
def test_a_wrong_scene_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_scene(write(tmp_path, text))


def test_an_unknown_scene_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="night-queue"):
        read_scene(tmp_path / "none")


@pytest.mark.integration
def test_a_scene_becomes_a_clip_with_settings_and_truth(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done: list[float] = []
    scene = read_scene(write(tmp_path, SHORT))
    video = render_scene(scene, out, on_progress=lambda share, _: done.append(share))
    assert sorted(path.name for path in out.iterdir()) == [
        "camera.toml",
        "clip.mp4",
        "truth.json",
    ]
    clip = cv2.VideoCapture(str(video))
    frames = []
    while (read := clip.read())[0]:
        frames.append(read[1])
    assert len(frames) == 150
    assert done[-1] == 1.0
    assert frames[0].shape == (288, 352, 3)
    assert frames[50].std() > 10
    settings = read_camera(out / "camera.toml")
    names = [lane.name for lane in settings.lane]
    assert names == ["north_in_0", "north_in_1", "south_out_0"]
    truth = json.loads((out / "truth.json").read_text(encoding="utf-8"))
    assert truth["lanes"] == names
    assert truth["frames"] == 150
    assert truth["events"]
    assert {"vehicle", "from_street", "to_street", "frame"} <= truth["movements"][0].keys()
    for event in truth["events"]:
        assert event["lane"] in names
        assert event["frame"] == pytest.approx(25 * event["time_s"], abs=0.5)
        assert event["kind"] in {"car", "van", "lorry", "bus", "motorcycle", "bicycle"}


@pytest.mark.integration
def test_an_edge_that_is_not_there_is_named(tmp_path: Path) -> None:
    scene = SceneFile.model_validate({"camera": {"edge": "nowhere"}})
    with pytest.raises(InputError, match="'nowhere'"):
        render_scene(scene, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.integration
def test_the_truth_of_a_queue_is_what_sumo_let_through() -> None:
    street = MadeStreet(north=Direction(lanes=2, flow_vph=1400), green_s=20, red_s=70)
    tracks = street_tracks(street, Shot(duration_s=120, warm_up_s=0, seed=5))
    standing_s = [
        0.2 * int(((track.speed_mps < 0.1) & (np.abs(track.y_m) < 25)).sum()) for track in tracks
    ]
    assert max(standing_s) > 45
    assert {track.vehicle.kind.value for track in tracks} >= {"car", "van"}
    fronts = np.concatenate([track.y_m[track.speed_mps < 0.1] for track in tracks])
    assert fronts.max() < 1.0
    moved = next(track for track in tracks if len(track.streets) > 1)
    assert [one.street for one in moved.streets] == ["north_in", "north_out"]
    again = street_tracks(street, Shot(duration_s=120, warm_up_s=0, seed=5))
    assert all(np.array_equal(a.x_m, b.x_m) for a, b in zip(tracks, again, strict=True))


def test_the_ground_plan_of_a_network_has_lanes_and_junctions() -> None:
    net = SCENARIO / "crossing_arterials.net.xml"
    ways = {way.name: way for way in lane_ways(net)}
    assert not any(name.startswith(":") for name in ways)
    bay = ways["J2_J1_bay_1"]
    assert (bay.index, bay.lane_count, bay.edge) == (1, 4, "J2_J1_bay")
    assert ways["J2_J1_bay_0"].width_m == 2.0
    assert bay.is_signalled
    assert len(junction_areas(net)) >= 8


def test_types_take_sumos_own_sizes_where_a_file_names_none(tmp_path: Path) -> None:
    path = tmp_path / "types.rou.xml"
    path.write_text(
        '<routes><vType id="b" vClass="bus"/><vType id="c" length="4.1"/></routes>',
        encoding="utf-8",
    )
    types = read_vehicle_types([path])
    assert (types["b"].length_m, types["b"].height_m) == (12.0, 3.4)
    assert (types["c"].length_m, types["c"].width_m) == (4.1, 1.8)
    assert types["DEFAULT_BIKETYPE"].vclass == "bicycle"


@pytest.mark.integration
def test_pedestrians_of_a_scenario_are_no_vehicles() -> None:
    scenario = open_scenario(SCENARIO, "morning")
    tracks = scenario_tracks(scenario, Shot(duration_s=3, warm_up_s=40))
    assert len(tracks) > 20
    assert not any(track.vehicle.name.startswith("walk") for track in tracks)
    assert {track.vehicle.kind.value for track in tracks} >= {"car", "bicycle"}
    assert all(track.streets for track in tracks if track.time_s[-1] - track.time_s[0] > 3)

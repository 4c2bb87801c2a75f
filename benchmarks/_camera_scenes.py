"""Rendered scenes for tuning and judging the camera counter, made once and kept.

``python -m benchmarks._camera_scenes NAME FOLDER`` renders one (``all``: every one). Scenes are
split for good: the counter may be tuned on ``TUNING`` and is judged on ``HELD_OUT``, whose seeds
and views are others.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks._camera_development import DEVELOPMENT
from benchmarks._camera_scene import CameraScene, kept, render_camera_scene
from citybrain.cli.sources import find_scenario
from citybrain.engine.rendering import Shot
from citybrain.engine.scene_file import SceneFile
from citybrain.engine.scene_render import render_scene
from detectors.camera.rendering.scene import (
    DAY,
    DUSK,
    LOW_SUN,
    NIGHT,
    OVERCAST,
    Pole,
    Sensor,
    Tree,
    Weather,
)
from detectors.camera.rendering.view import View
from sim.sumo.made_street import Direction, MadeStreet

_MOTORWAY_MIX = {
    "car_small": 0.22, "car_medium": 0.32, "car_large": 0.20, "van": 0.12,
    "lorry_rigid": 0.04, "lorry_long": 0.08, "motorcycle": 0.02,
}  # fmt: skip


def _view(
    size: tuple[int, int],
    at: tuple[float, float, float],
    yaw_deg: float,
    pitch_deg: float,
    focal: float,
) -> View:
    """Return a camera; the focal length is a share of the picture's width."""
    return View(
        x_m=at[0], y_m=at[1], height_m=at[2], yaw_deg=yaw_deg, pitch_deg=pitch_deg,
        focal_px=focal * size[0], width_px=size[0], height_px=size[1],
    )  # fmt: skip


CIF, NHD, HD, FULL_HD = (352, 288), (640, 360), (1280, 720), (1920, 1080)
_FREE3 = MadeStreet(north=Direction(lanes=3, flow_vph=2300))
_QUEUE3 = MadeStreet(north=Direction(lanes=3, flow_vph=1500), green_s=38, red_s=105, speed_mps=14)
_QUEUE2 = MadeStreet(north=Direction(lanes=2, flow_vph=1100), green_s=35, red_s=90, speed_mps=14)
_BOTH = MadeStreet(
    north=Direction(lanes=2, flow_vph=1300), south=Direction(lanes=2, flow_vph=1300), median_m=1.5
)
_BOTH3 = MadeStreet(
    north=Direction(lanes=3, flow_vph=1900), south=Direction(lanes=2, flow_vph=1200), median_m=1.0
)
_MOTORWAY = MadeStreet(north=Direction(lanes=5, flow_vph=5600), speed_mps=27, mix=_MOTORWAY_MIX)
_DUAL = MadeStreet(
    north=Direction(lanes=4, flow_vph=3600), south=Direction(lanes=3, flow_vph=2600),
    median_m=2.5, speed_mps=20,
)  # fmt: skip
_TREES = tuple(Tree(x_m=17.0 + y % 3, y_m=-float(y), height_m=8 + y % 2) for y in range(4, 180, 19))
_WEST_TREES = tuple(replace(tree, x_m=-13.0 - tree.x_m % 4, y_m=tree.y_m - 8) for tree in _TREES)

SCENES: dict[str, CameraScene] = {
    # Tuning half: cameras that mostly look upstream.
    "day_free": CameraScene(
        street=_FREE3, view=_view(NHD, (5.5, 16, 8.0), 180, 17, 0.85), band_at_m=-8,
        shot=Shot(duration_s=240, seed=11), is_tuning=True, trees=_TREES,
    ),
    "day_queue": CameraScene(
        street=_QUEUE3, view=_view(NHD, (4.0, 14, 8.5), 180, 20, 0.8), band_at_m=-9,
        shot=Shot(duration_s=420, seed=12), is_tuning=True, trees=_TREES,
    ),
    "low_sun": CameraScene(
        street=_BOTH, view=_view(CIF, (2.0, 15, 9.0), 180, 20, 0.9), band_at_m=-10,
        shot=Shot(duration_s=200, seed=13), is_tuning=True, light=LOW_SUN, trees=_WEST_TREES,
    ),
    "clouds": CameraScene(
        street=_FREE3, view=_view(NHD, (7.5, -60, 7.5), 356, 18, 0.8), band_at_m=-38,
        shot=Shot(duration_s=240, seed=14), is_tuning=True, parked=((12.4, -37.0),),
        weather=Weather(clouds=0.9, wind=0.4), sensor=Sensor(exposure_speed=0.7),
    ),
    "dusk_both": CameraScene(
        street=_BOTH3, view=_view(NHD, (4.0, 12, 9.5), 180, 22, 0.7), band_at_m=-8,
        shot=Shot(duration_s=220, seed=15), is_tuning=True, light=DUSK, sensor=Sensor(noise=4),
    ),
    "night_free": CameraScene(
        street=_FREE3, view=_view(NHD, (6.5, 18, 8.0), 180, 17, 0.85), band_at_m=-7,
        shot=Shot(duration_s=240, seed=16), is_tuning=True, light=NIGHT, sensor=Sensor(noise=3.5),
    ),
    "night_queue": CameraScene(
        street=_QUEUE2, view=_view(NHD, (6.0, 15, 7.5), 182, 19, 0.9), band_at_m=-9,
        shot=Shot(duration_s=480, seed=17), is_tuning=True, light=NIGHT, sensor=Sensor(noise=3.5),
    ),
    "rain_day": CameraScene(
        street=_BOTH, view=_view(CIF, (-1.0, 14, 8.5), 178, 19, 0.9), band_at_m=-9,
        shot=Shot(duration_s=220, seed=18), is_tuning=True, light=OVERCAST,
        weather=Weather(rain=0.7, wetness=0.8, wind=0.3), sensor=Sensor(noise=3.5),
    ),
    "motorway": CameraScene(
        street=_MOTORWAY, view=_view(HD, (9.0, 20, 9.5), 180, 17, 0.8), band_at_m=-12,
        shot=Shot(duration_s=90, seed=19), is_tuning=True,
    ),
    # Held-out half: other seeds, other views.
    "held_day_free": CameraScene(
        street=_DUAL, view=_view(CIF, (1.0, 22, 10.0), 181, 17, 0.85), band_at_m=-6,
        shot=Shot(duration_s=150, seed=51), is_tuning=False,
        light=replace(DAY, sun_azimuth_deg=255, sun_height_deg=38),
        poles=(Pole(x_m=0.3, y_m=6, height_m=7.5, arm_m=9),),
    ),
    "held_day_queue": CameraScene(
        street=_QUEUE2, view=_view(NHD, (9.0, 12, 6.8), 190, 19, 0.8), band_at_m=-10,
        shot=Shot(duration_s=480, seed=52), is_tuning=False,
        light=replace(DAY, sun_azimuth_deg=120, sun_height_deg=44), trees=_WEST_TREES,
    ),
    "held_low_sun": CameraScene(
        street=_FREE3, view=_view(NHD, (1.0, -62, 8.5), 4, 18, 0.8), band_at_m=-40,
        shot=Shot(duration_s=220, seed=53), is_tuning=False,
        light=replace(LOW_SUN, sun_azimuth_deg=262, sun_height_deg=17),
    ),
    "held_clouds": CameraScene(
        street=_BOTH, view=_view(NHD, (-3.0, 16, 7.2), 176, 18, 0.85), band_at_m=-9,
        shot=Shot(duration_s=220, seed=54), is_tuning=False, parked=((8.9, -7.0), (8.9, -16.0)),
        weather=Weather(clouds=0.8, wind=0.3), sensor=Sensor(exposure_speed=0.5), trees=_TREES,
    ),
    "held_dusk": CameraScene(
        street=_FREE3, view=_view(NHD, (2.0, 17, 9.0), 179, 18, 0.8), band_at_m=-8,
        shot=Shot(duration_s=220, seed=55, rate_hps=12.5), is_tuning=False, light=DUSK,
        sensor=Sensor(noise=4),
    ),
    "held_night_free": CameraScene(
        street=_BOTH3, view=_view(NHD, (3.5, 14, 9.0), 181, 19, 0.72), band_at_m=-9,
        shot=Shot(duration_s=220, seed=56), is_tuning=False, light=NIGHT, sensor=Sensor(noise=3.5),
    ),
    "held_night_queue": CameraScene(
        street=_QUEUE3, view=_view(NHD, (7.5, 13, 8.0), 184, 20, 0.8), band_at_m=-8,
        shot=Shot(duration_s=420, seed=57), is_tuning=False, light=NIGHT, sensor=Sensor(noise=3.5),
    ),
    "held_night_rain": CameraScene(
        street=_FREE3, view=_view(NHD, (4.0, 17, 8.0), 180, 18, 0.85), band_at_m=-8,
        shot=Shot(duration_s=220, seed=58), is_tuning=False, light=NIGHT,
        weather=Weather(rain=0.6, wetness=0.9, wind=0.4), sensor=Sensor(noise=3.5),
    ),
    "held_night_receding": CameraScene(
        street=_FREE3, view=_view(NHD, (6.0, -64, 8.0), 359, 18, 0.85), band_at_m=-42,
        shot=Shot(duration_s=220, seed=59), is_tuning=False, light=NIGHT, sensor=Sensor(noise=3.5),
    ),
    "held_rain_day": CameraScene(
        street=_BOTH3, view=_view(HD, (7.0, 14, 8.5), 186, 19, 0.75), band_at_m=-9,
        shot=Shot(duration_s=150, seed=60), is_tuning=False, light=OVERCAST,
        weather=Weather(rain=0.5, wetness=0.7, wind=0.3), sensor=Sensor(noise=3.5),
    ),
    "held_shake": CameraScene(
        street=_BOTH, view=_view(NHD, (0.5, 14, 8.0), 180, 18, 0.85), band_at_m=-9,
        shot=Shot(duration_s=220, seed=61), is_tuning=False,
        weather=Weather(wind=0.9), sensor=Sensor(shake_px=1.2), trees=(*_TREES, *_WEST_TREES),
    ),
    "held_oblique": CameraScene(
        street=_FREE3, view=_view(NHD, (21.0, 2, 7.0), 232, 22, 0.75), band_at_m=-12,
        shot=Shot(duration_s=220, seed=62), is_tuning=False,
        light=replace(DAY, sun_azimuth_deg=70, sun_height_deg=42),
    ),
    "held_motorway": CameraScene(
        street=_MOTORWAY, view=_view(FULL_HD, (4.5, 24, 11.0), 179, 18, 0.8), band_at_m=-10,
        shot=Shot(duration_s=75, seed=63), is_tuning=False,
    ),
}  # fmt: skip
SPEED = CameraScene(
    street=_MOTORWAY, view=_view(FULL_HD, (9.0, 22, 10.0), 180, 17, 0.8), band_at_m=-11,
    shot=Shot(duration_s=12, seed=20), is_tuning=True,
)  # fmt: skip
"""A short one in 1080p that only speed is measured on."""
SPEED_NAME = "speed_1080p"

_JUNCTION_PLACES = {
    "junction": ("J2_J1_bay", 31, {}),
    "junction_rain": ("J3_J2_bay", 32, {"light": "overcast", "rain": 0.7, "wetness": 0.9}),
    "junction_dusk": ("J2_J1_bay", 33, {"light": "dusk", "noise": 3.5}),
    "held_junction": ("J3_J2_bay", 71, {}),
    "held_junction_rain": ("J2_J1_bay", 72, {"light": "overcast", "rain": 0.6, "wetness": 0.8}),
    "held_junction_dusk": ("J3_J2_bay", 73, {"light": "dusk", "noise": 3.5}),
}
JUNCTIONS: dict[str, SceneFile] = {
    name: SceneFile.model_validate(
        {
            "name": name,
            "seed": seed,
            "scenario": {"path": "crossing_arterials", "period": "morning"},
            "camera": {
                "edge": edge,
                "beyond_m": 46.0,
                "height_m": 14.0,
                "pitch_deg": 24.0,
                "frame_px": [960, 540],
            },
            "conditions": conditions,
            "shot": {"duration_s": 180.0, "warm_up_s": 300.0},
        }
    )
    for name, (edge, seed, conditions) in _JUNCTION_PLACES.items()
}
"""Whole junctions from high above, whose truth holds movements too; see `_turning_scenes`."""

TUNING = tuple(name for name, scene in SCENES.items() if scene.is_tuning)
HELD_OUT = tuple(name for name, scene in SCENES.items() if not scene.is_tuning)
SCENES[SPEED_NAME] = SPEED
SCENES.update(DEVELOPMENT)


def make_scene(name: str, folder: Path) -> Path:
    """Return the folder of a scene, which is rendered if it is not there.

    Parameters
    ----------
    name
        Of a catalogued scene, a junction or a made one.
    folder
        Where scenes are kept.
    """
    if name in JUNCTIONS:
        junction = JUNCTIONS[name]
        return kept(name, junction, folder, partial(render_scene, junction, find=find_scenario))
    one = SCENES[name]
    return kept(name, one, folder, partial(render_camera_scene, name, one))


def _main(told: Callable[[str], object] = print) -> None:
    names = [sys.argv[1]] if sys.argv[1:2] != ["all"] else list(SCENES)
    for name in names:
        told(str(make_scene(name, Path(sys.argv[2]))))


if __name__ == "__main__":
    _main()

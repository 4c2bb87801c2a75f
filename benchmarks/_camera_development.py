"""Scenes drawn by dice, many and unlike each other: half to tune on, half to check with.

Scenes that are made by hand are few, and a counter learns their cameras by heart.  Here street,
demand, camera, light and weather come from a seed.  Nothing may be changed because of a scene of
the `CHECKING` half; what only helps the other half is dropped again.
"""

from dataclasses import replace

import numpy as np

from benchmarks._camera_scene import LANE_M, CameraScene
from citybrain.engine.rendering import Shot
from detectors.camera.rendering.scene import (
    DAY,
    DIM_NIGHT,
    DUSK,
    LOW_SUN,
    NIGHT,
    OVERCAST,
    Light,
    Sensor,
    Tree,
    Weather,
)
from detectors.camera.rendering.view import View
from sim.sumo.made_street import CITY_MIX, Direction, MadeStreet

Dice = np.random.Generator

FIRST, MIDDLE, LAST = 301, 315, 328
"""Seeds: the first half ends before the middle one."""
LIGHTS = {
    "day": DAY, "night": NIGHT, "queue": DAY, "night_queue": NIGHT, "rain": OVERCAST,
    "dusk": DUSK, "low_sun": LOW_SUN, "night_rain": NIGHT, "dim_night": DIM_NIGHT,
}  # fmt: skip
"""Conditions in turn, and their light."""
SIZE_PX = (352, 288)
SHORTEST_S, QUEUE_S = 110.0, 190.0
"""Length of a clip, and of one whose vehicles wait at a signal. [s]"""


def drawn_by_dice(seed: int, condition: str) -> CameraScene:
    """Return a scene that follows from its seed.

    Parameters
    ----------
    seed
        Of everything.
    condition
        Of `LIGHTS`.
    """
    dice = np.random.default_rng((seed, 77))
    is_queue = condition.endswith("queue")
    street = _street(dice, is_queue=is_queue)
    is_coming = bool(dice.random() < 0.7)
    view, band_at_m = _view(dice, street, is_coming=is_coming)
    return CameraScene(
        street=street,
        view=view,
        band_at_m=band_at_m,
        shot=Shot(
            duration_s=QUEUE_S if is_queue else SHORTEST_S,
            rate_hps=float(dice.choice((12.5, 20.0, 25.0))),
            seed=seed,
        ),
        is_tuning=seed < MIDDLE,
        light=_light(dice, condition),
        weather=_weather(dice, is_rain=condition.endswith("rain")),
        sensor=Sensor(
            noise=float(dice.uniform(1.5, 4.5)),
            shake_px=float(dice.choice((0.05, 0.05, 0.3))),
            compression=float(dice.uniform(0.2, 0.8)),
        ),
        trees=_trees(dice),
    )


def _street(dice: Dice, *, is_queue: bool) -> MadeStreet:
    lanes = int(dice.integers(1, 4))
    back = int(dice.integers(1, 3))
    per_lane_vph = dice.uniform(450, 620) if is_queue else dice.uniform(500, 950)
    heavy = float(dice.uniform(0.3, 2.0))
    scaled = {
        name: share * (heavy if name in ("lorry_rigid", "lorry_long", "bus") else 1.0)
        for name, share in CITY_MIX.items()
    }
    whole = sum(scaled.values())
    return MadeStreet(
        north=Direction(lanes=lanes, flow_vph=lanes * per_lane_vph),
        south=Direction(lanes=back, flow_vph=back * dice.uniform(300, 800))
        if dice.random() < 0.4 and not is_queue
        else None,
        median_m=float(dice.uniform(0.5, 2.0)),
        speed_mps=14.0 if is_queue else float(dice.uniform(12, 22)),
        green_s=30.0 if is_queue else 40.0,
        red_s=float(dice.uniform(40, 60)) if is_queue else 0.0,
        mix={name: share / whole for name, share in scaled.items()},
    )


def _view(dice: Dice, street: MadeStreet, *, is_coming: bool) -> tuple[View, float]:
    """Return a camera that has the whole band in its picture, and where the band is [m]."""
    east_m = street.north.lanes * LANE_M + 0.5 * street.median_m
    west_m = -(street.south.lanes * LANE_M + 0.5 * street.median_m) if street.south else 0.0
    while True:
        band_at_m = -float(dice.uniform(6, 12) if is_coming else dice.uniform(25, 40))
        away_m = float(dice.uniform(14, 28))
        x_m = float(dice.uniform(west_m - 2, east_m + 5))
        height_m = float(dice.uniform(5.5, 11.5))
        focal_px = float(dice.uniform(0.65, 1.0)) * SIZE_PX[0]
        row = float(dice.uniform(0.5, 0.75))
        down = np.arctan2(height_m, away_m) - np.arctan2((row - 0.5) * SIZE_PX[1], focal_px)
        side_deg = float(np.degrees(np.arctan2(x_m - (east_m + west_m) / 2, away_m)))
        turn_deg = side_deg * float(dice.uniform(0.6, 1.0))
        if not 3.0 < np.degrees(down) < 50.0:
            continue
        view = View(
            x_m=x_m,
            y_m=band_at_m + away_m if is_coming else band_at_m - away_m,
            height_m=height_m,
            yaw_deg=180 + turn_deg if is_coming else -turn_deg % 360,
            pitch_deg=float(np.degrees(down)),
            focal_px=focal_px,
            width_px=SIZE_PX[0],
            height_px=SIZE_PX[1],
        )
        ends = [view.project(np.array([x, band_at_m, 0.0])) for x in (west_m - 0.5, east_m + 0.5)]
        lane_px = abs(ends[1][0] - ends[0][0]) / ((east_m - west_m) / LANE_M)
        if all(5 < x < SIZE_PX[0] - 5 and 40 < y < SIZE_PX[1] - 25 for x, y in ends) and (
            lane_px > 24
        ):
            return view, band_at_m


def _light(dice: Dice, condition: str) -> Light:
    light = LIGHTS[condition]
    if not light.sun:
        return light
    low, high = (10.0, 20.0) if condition == "low_sun" else (30.0, 60.0)
    return replace(
        light,
        sun_height_deg=float(dice.uniform(low, high)),
        sun_azimuth_deg=float(dice.uniform(70, 290)),
    )


def _weather(dice: Dice, *, is_rain: bool) -> Weather:
    return Weather(
        rain=float(dice.uniform(0.3, 0.8)) if is_rain else 0.0,
        wetness=float(dice.uniform(0.5, 1.0)) if is_rain else 0.0,
        clouds=float(dice.choice((0.0, 0.0, 0.7))),
        wind=float(dice.uniform(0.1, 0.5)),
    )


def _trees(dice: Dice) -> tuple[Tree, ...]:
    if dice.random() < 0.5:
        return ()
    return tuple(Tree(x_m=17.0 + y % 3, y_m=-float(y)) for y in range(4, 180, 19))


_CONDITIONS = tuple(LIGHTS)
DEVELOPMENT: dict[str, CameraScene] = {
    f"{'tune' if seed < MIDDLE else 'check'}_{seed}_{condition}": drawn_by_dice(seed, condition)
    for seed in range(FIRST, LAST + 1)
    for condition in (_CONDITIONS[(seed - FIRST) // 2 % len(_CONDITIONS)],)
}
DEVELOPING = tuple(name for name, scene in DEVELOPMENT.items() if scene.is_tuning)
CHECKING = tuple(name for name, scene in DEVELOPMENT.items() if not scene.is_tuning)

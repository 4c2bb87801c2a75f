"""What each vehicle looks like, drawn from the scene's seed and the vehicle's name."""

import zlib
from dataclasses import dataclass

import numpy as np

from detectors.camera.rendering import lamps, sensor
from detectors.camera.rendering.drawing import Floats
from detectors.camera.rendering.fleet import Vehicle, paint_of
from detectors.camera.rendering.scene import Scene
from detectors.camera.rendering.shells import Shell, build_shell


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one vehicle looks like.

    Parameters
    ----------
    shell
        Its faces.
    paint, lamp_tone
        Colours of its body and of its head lamps, (3,) each.
    is_lit
        Whether its lamps are on.
    """

    shell: Shell
    paint: Floats
    lamp_tone: Floats
    is_lit: bool


def look_of(scene: Scene, vehicle: Vehicle) -> Look:
    """Draw what a vehicle looks like."""
    dice = np.random.default_rng((scene.seed, zlib.crc32(vehicle.name.encode())))
    colour = sensor.toned(paint_of(vehicle.kind, dice), scene.sensor.saturation)
    return Look(
        shell=build_shell(vehicle, colour, dice),
        paint=colour,
        lamp_tone=lamps.lamp_tone(dice),
        is_lit=bool(dice.uniform() < scene.light.lamps_on),
    )

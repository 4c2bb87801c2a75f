"""A scene and its traffic as a stream of pictures."""

from collections.abc import Generator, Iterator

import cv2
import numpy as np

from detectors.camera.rendering import lamps, sensor, shadows, street, wet
from detectors.camera.rendering.drawing import Bytes, Floats, bytes_of, fill
from detectors.camera.rendering.fleet import Moment, Traffic
from detectors.camera.rendering.looks import look_of
from detectors.camera.rendering.painter import Lighting, face_colours, far_to_near, paint
from detectors.camera.rendering.roadside import Roadside
from detectors.camera.rendering.scene import Scene
from detectors.camera.rendering.shells import Shell, place
from detectors.camera.rendering.view import NEAR_M, View

_FOLLOWS_M = 28.0
_BESIDE_M = 2.2


def render_frames(scene: Scene, traffic: Traffic) -> Iterator[Bytes]:
    """Draw every frame of a clip.

    Parameters
    ----------
    scene
        Street, camera and conditions.
    traffic
        Vehicles at every frame.

    Yields
    ------
    Bytes
        Blue, green, red, (height, width, 3); the same bytes for the same scene and traffic.
    """
    renderer = Renderer(scene, traffic)
    for frame in range(traffic.frame_count):
        yield renderer.draw(frame)


class Renderer:
    """Draws frames in their order, as exposure and noise go on from one to the next.

    Parameters
    ----------
    scene
        Street, camera and conditions.
    traffic
        Vehicles at every frame.
    """

    def __init__(self, scene: Scene, traffic: Traffic) -> None:
        self._scene = scene
        self._traffic = traffic
        self._street = street.draw_street(scene)
        self._roadside = Roadside(scene)
        count, rate_hps = traffic.frame_count, traffic.rate_hps
        dice = np.random.default_rng((scene.seed, 3))
        looks = [look_of(scene, vehicle) for vehicle in traffic.vehicles]
        self._shells = [look.shell for look in looks]
        self._colours = [look.paint for look in looks]
        self._tones = [look.lamp_tone for look in looks]
        self._is_lit = [look.is_lit for look in looks]
        self._lengths_m = np.array([vehicle.length_m for vehicle in traffic.vehicles])
        self._beam = lamps.beam()
        self._sunshine = sensor.sunshine(scene, count, rate_hps)
        self._shake = sensor.shake(scene.sensor, count, dice)
        self._fog = sensor.fog_share(scene) if scene.weather.fog_per_m else None
        self._rain = sensor.Rain(scene, dice)
        self._drops = wet.Drops(scene, dice)
        self._grain = sensor.Grain(scene, dice)
        self._stream = sensor.Stream(strength=scene.sensor.compression, noise=scene.sensor.noise)
        self._exposure = sensor.Exposure(
            speed=scene.sensor.exposure_speed,
            rate_hps=rate_hps,
            target=float(
                self._street.shade.mean() + self._street.sun.mean() * self._sunshine.mean()
            ),
        )

    def draw(self, frame: int) -> Bytes:
        """Draw one frame."""
        scene = self._scene
        moment = self._traffic.at(frame)
        order = far_to_near(scene.view, moment, self._lengths_m)
        rows = [row for row, _ in order]
        lighting = self._lighting(float(self._sunshine[frame]))
        picture = self._ground(moment, rows, float(self._sunshine[frame]))
        layers = lamps.empty_layers(scene.view, scene.light.darkness)
        if scene.light.is_dark:
            picture = self._light_ground(picture, moment, rows)
        if scene.weather.wetness:
            picture = self._mirror(picture, moment, rows, lighting)
        at_s = frame / self._traffic.rate_hps
        light = lighting.sky + 0.5 * lighting.sun
        beside = self._roadside.paint_between(picture, layers, at_s, light)
        self._paint_vehicles(picture, layers, moment, order, (lighting, beside))
        if scene.weather.wetness:
            picture = self._spray(picture, moment, rows, light)
        self._roadside.paint_before(picture, layers, light)
        return self._through_the_lens(self._glow(picture, layers), frame)

    def _lighting(self, sunshine: float) -> Lighting:
        light = self._scene.light
        height = np.sin(np.radians(max(light.sun_height_deg, 12.0)))
        return Lighting(
            sky=np.asarray(light.sky),
            sun=street.sunlight(light) * sunshine / height,
            to_sun=shadows.to_sun(light),
        )

    def _ground(self, moment: Moment, rows: list[int], sunshine: float) -> Bytes:
        """Return the street with the shadows of the vehicles."""
        view, light = self._scene.view, self._scene.light
        shape = self._street.shade.shape[:2]
        below = np.zeros(shape, np.uint8)
        sunny = np.zeros(shape, np.uint8) if light.sun > 0 else None
        sun = shadows.to_sun(light)
        for row in rows:
            shell = self._shells[moment.vehicle[row]]
            stand = (moment.front_m[row], moment.heading[row])
            shadows.cast_below(below, view, shell, stand)
            if sunny is not None:
                shadows.cast_sun(sunny, view, shell, stand, sun)
        soft = max(0.8, view.height_px / 300)
        below = bytes_of(cv2.GaussianBlur(below, (0, 0), 2 * soft))
        picture = cv2.multiply(self._street.shade, _without(below, 0.62), scale=1 / 255)
        if sunny is not None:
            kept = _without(bytes_of(cv2.GaussianBlur(sunny, (0, 0), soft)), 1.0)
            lit = cv2.multiply(self._street.sun, kept, scale=sunshine / 255)
            picture = cv2.add(picture, lit)
        return np.asarray(picture, np.uint8)

    def _light_ground(self, picture: Bytes, moment: Moment, rows: list[int]) -> Bytes:
        """Return the street with the light of the head lamps on it."""
        view = self._scene.view
        pools = lamps.empty_layers(view, 1.0).pools
        free_m = _gaps_m(moment, self._lengths_m).min(axis=1, initial=np.inf)
        for row in rows:
            vehicle = moment.vehicle[row]
            if not self._is_lit[vehicle]:
                continue
            stand = (moment.front_m[row], moment.heading[row])
            tone = self._tones[vehicle] * self._pool_gain(stand)
            texture = lamps.cut_beam(self._beam, float(free_m[row]))
            lamps.add_pool(pools, view, stand, tone, texture)
        full = cv2.resize(pools, (view.width_px, view.height_px), interpolation=cv2.INTER_LINEAR)
        lit = cv2.multiply(self._street.albedo, full, scale=1 / 118)
        return bytes_of(cv2.add(picture, lit))

    def _pool_gain(self, stand: tuple[Floats, Floats]) -> float:
        """Return how bright a pool looks: asphalt throws light forwards, to an oncoming eye."""
        view = self._scene.view
        to_camera = np.array([view.x_m, view.y_m]) - stand[0]
        facing = float(to_camera @ stand[1]) / max(float(np.linalg.norm(to_camera)), 1e-9)
        lamp_share = max(0.08, 1 - max(self._scene.light.sky) / 0.7)
        return lamp_share * (0.62 + 0.38 * facing)

    def _mirror(self, picture: Bytes, moment: Moment, rows: list[int], lighting: Lighting) -> Bytes:
        """Return the wet street with streaks below lamps and dim images of the bodies."""
        view, wetness = self._scene.view, self._scene.weather.wetness
        layers = lamps.empty_layers(view, self._scene.light.darkness)
        flipped = picture.copy()
        for row in rows:
            vehicle = moment.vehicle[row]
            shell = self._shells[vehicle]
            stand = (moment.front_m[row], moment.heading[row])
            _paint_image(flipped, view, shell, stand, self._colours[vehicle] * lighting.sky * 0.6)
            if self._is_lit[vehicle]:
                tail = 1.0 if moment.is_braking[row] else 0.4
                lamps.add_lamps(layers, view, shell, stand, self._tones[vehicle], tail)
        flipped = bytes_of(cv2.blur(flipped, (3, max(3, view.height_px // 60))))
        picture = bytes_of(cv2.addWeighted(picture, 1 - 0.35 * wetness, flipped, 0.35 * wetness, 0))
        streaks = lamps.mirrored(layers.glare, max(3, view.height_px // 26))
        full = cv2.resize(streaks, (view.width_px, view.height_px), interpolation=cv2.INTER_LINEAR)
        return bytes_of(cv2.addWeighted(picture, 1.0, full, 0.5 * wetness, 0))

    def _spray(self, picture: Bytes, moment: Moment, rows: list[int], light: Floats) -> Bytes:
        """Return the picture with the water that wheels throw up."""
        spray = wet.Spray(self._scene.view, self._scene.weather.wetness)
        for row in rows:
            stand = (moment.front_m[row], moment.heading[row])
            shell = self._shells[moment.vehicle[row]]
            spray.add(shell, stand, float(moment.speed_mps[row]))
        return spray.over(picture, 185 * light + 12)

    def _paint_vehicles(
        self,
        picture: Bytes,
        layers: lamps.LampLayers,
        moment: Moment,
        order: list[tuple[int, float]],
        around: tuple[Lighting, Generator[None, float, None]],
    ) -> None:
        """Paint the vehicles from far to near, with what stands beside the street between them."""
        scene, (lighting, beside) = self._scene, around
        lit = street.lamp_light(moment.front_m, scene)
        behind = self._light_from_behind(moment)
        next(beside)
        for row, away_m in order:
            beside.send(away_m)
            vehicle = moment.vehicle[row]
            shell = self._shells[vehicle]
            stand = (moment.front_m[row], moment.heading[row])
            colours = face_colours(shell, stand[1], lighting, lit[row], float(behind[row]))
            outline = paint(picture, scene.view, shell, stand, colours)
            if outline is None:
                continue
            lamps.hide(layers, outline)
            head, tail = self._lamps_of(int(vehicle), is_braking=bool(moment.is_braking[row]))
            if tail:
                lamps.add_lamps(layers, scene.view, shell, stand, head, tail)
        beside.send(0.0)

    def _lamps_of(self, vehicle: int, *, is_braking: bool) -> tuple[Floats, float]:
        """Return the colour of a vehicle's head lamps and the strength of its tail lamps."""
        if self._is_lit[vehicle]:
            return self._tones[vehicle], 1.0 if is_braking else 0.45
        return np.zeros(3), 0.8 if is_braking else 0.0

    def _light_from_behind(self, moment: Moment) -> Floats:
        """Return the light on each rear from the head lamps of the vehicle that follows."""
        if not self._scene.light.is_dark:
            return np.zeros(len(moment.vehicle))
        nearest_m = _gaps_m(moment, self._lengths_m).min(axis=0, initial=np.inf)
        return np.asarray(0.5 * np.maximum(0.0, 1 - nearest_m / _FOLLOWS_M))

    def _glow(self, picture: Bytes, layers: lamps.LampLayers) -> Bytes:
        """Return the picture with the lamps and their glare."""
        if not layers.glare.any():
            return picture
        darkness = self._scene.light.darkness
        glow = lamps.bloom(layers.glare, 0.15 + 0.85 * darkness + 0.5 * self._scene.weather.rain)
        size = (picture.shape[1], picture.shape[0])
        return bytes_of(cv2.add(picture, cv2.resize(glow, size, interpolation=cv2.INTER_LINEAR)))

    def _through_the_lens(self, picture: Bytes, frame: int) -> Bytes:
        scene = self._scene
        if self._fog is not None:
            tone = np.array([205.0, 202.0, 200.0], np.float32) * min(
                1.0, max(scene.light.sky) + scene.light.sun
            )
            picture = (picture + self._fog * (tone - picture)).astype(np.uint8)
        picture = self._drops.over(self._rain.over(picture))
        picture = sensor.moved(picture, self._shake[frame])
        picture = sensor.soften(picture, scene.sensor.blur_px)
        if scene.sensor.exposure_speed:
            picture = self._exposure.expose(picture)
        return self._stream.carry(self._grain.over(picture))


def _without(mask: Bytes, strength: float) -> Bytes:
    """Return the share of light that a mask of shadows leaves, in 255ths, with three channels."""
    kept = np.clip(255 - strength * np.arange(256), 0, 255).astype(np.uint8)
    return bytes_of(cv2.merge([cv2.LUT(mask, kept)] * 3))


def _paint_image(
    picture: Bytes, view: View, shell: Shell, stand: tuple[Floats, Floats], colour: Floats
) -> None:
    """Paint a vehicle upside down below the street, as a wet road mirrors it."""
    start, solid = shell.parts[0][0], max(part[1] for part in shell.parts)
    corners = place(shell.corners_m[start:solid], *stand).reshape(-1, 3) * (1.0, 1.0, -1.0)
    seen = view.seen(corners)
    if seen[:, 2].min() < NEAR_M:
        return
    hull = cv2.convexHull(view.pictured(seen).astype(np.float32))[:, 0]
    fill(picture, hull.astype(np.float64), tuple(colour))


def _gaps_m(moment: Moment, lengths_m: Floats) -> Floats:
    """Return the free distance from each front (rows) to each rear ahead of it in its path.

    Returns
    -------
    Floats
        (n, n); infinite where one does not drive behind the other. [m]
    """
    rears = moment.front_m - moment.heading * lengths_m[moment.vehicle, None]
    gap = rears[None] - moment.front_m[:, None]
    along = moment.heading[:, None]
    ahead_m = (gap * along).sum(axis=2)
    aside_m = np.abs(gap[..., 0] * along[..., 1] - gap[..., 1] * along[..., 0])
    return np.where((ahead_m > 0) & (aside_m < _BESIDE_M), ahead_m, np.inf)

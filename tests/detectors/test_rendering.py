"""The renderer: geometry, truth, and that a picture shows what the truth says, when it says so."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.errors import InputError

pytest.importorskip("cv2", reason="pictures need the extra `camera`")

from detectors.camera.rendering import lamps, sensor
from detectors.camera.rendering.clip import camera_toml
from detectors.camera.rendering.fleet import (
    SIZES_M,
    Kind,
    OnStreet,
    Track,
    Traffic,
    Vehicle,
    paint_of,
)
from detectors.camera.rendering.frames import render_frames
from detectors.camera.rendering.scene import (
    DAY,
    LOW_SUN,
    NIGHT,
    OVERCAST,
    Band,
    Lane,
    Marking,
    Scene,
    Sensor,
    Weather,
)
from detectors.camera.rendering.shells import build_shell
from detectors.camera.rendering.truth import band_pixels, lane_spans, movements, passages
from detectors.camera.rendering.view import View

RATE_HPS = 25.0
CLEAN = Sensor(noise=0, shake_px=0, exposure_speed=0, blur_px=0, compression=0)
VIEW = View(
    x_m=3.4,
    y_m=15,
    height_m=8,
    yaw_deg=180,
    pitch_deg=18,
    focal_px=280,
    width_px=320,
    height_px=240,
)


def lane(name: str, x_m: float) -> Lane:
    ends = np.array([(x_m, -300.0), (x_m, 100.0)])
    return Lane(name=name, centre_m=ends, width_m=3.4, left=Marking.DASHED, right=Marking.SOLID)


SCENE = Scene(
    name="two-lanes",
    view=VIEW,
    lanes=(lane("slow", 5.1), lane("fast", 1.7)),
    band=Band(from_m=(6.8, -8.0), to_m=(0.0, -8.0), second_at_m=5.0),
    sensor=CLEAN,
    light=OVERCAST,
    weather=Weather(wind=0),
)


def drive(
    name: str, x_m: float, front_at_0_m: float, *, speed_mps: float = 10.0, kind: Kind = Kind.CAR
) -> Track:
    length_m, width_m, height_m = SIZES_M[kind]
    time_s = np.arange(0.0, 12.01, 0.2)
    still = np.zeros_like(time_s)
    return Track(
        vehicle=Vehicle(
            name=name, kind=kind, length_m=length_m, width_m=width_m, height_m=height_m
        ),
        time_s=time_s,
        x_m=still + x_m,
        y_m=front_at_0_m + speed_mps * time_s,
        heading_deg=still,
        speed_mps=still + speed_mps,
    )


def pictures(scene: Scene, tracks: list[Track], frames: int) -> np.ndarray:
    traffic = Traffic(tracks, frame_count=frames, rate_hps=RATE_HPS)
    return np.stack(list(render_frames(scene, traffic)))


def at_band(scene: Scene, frames: np.ndarray, lane_name: str) -> np.ndarray:
    """Grey of the middle of a lane on the band, row just below it, (frames,)."""
    span = next(span for span in lane_spans(scene) if span.name == lane_name)
    start, end = band_pixels(scene.view, scene.band)
    along = (end - start) / np.linalg.norm(end - start)
    column, row = start + along * sum(span.limits_px) / 2
    patch = frames[:, int(row) : int(row) + 2, int(column) - 3 : int(column) + 4]
    return np.asarray(patch.mean(axis=(1, 2, 3)))


@settings(max_examples=40, deadline=None)
@given(
    yaw=st.floats(0, 359),
    pitch=st.floats(5, 60),
    height=st.floats(4, 15),
    column=st.floats(0, 320),
    share=st.floats(0.05, 1),
)
def test_a_pixel_of_the_street_projects_back_onto_itself(
    yaw: float, pitch: float, height: float, column: float, share: float
) -> None:
    view = replace(VIEW, yaw_deg=yaw, pitch_deg=pitch, height_m=height)
    low = max(view.horizon_px, 0.0)
    pixel = np.array([[column, low + 1 + share * (view.height_px - low)]])
    place = np.column_stack([view.ground(pixel), [0.0]])
    assert view.project(place) == pytest.approx(pixel, abs=1e-6)
    assert view.seen(place)[0, 2] > 0


def test_a_polygon_that_passes_under_the_camera_is_cut_at_the_pinhole() -> None:
    strip = np.array([(2.0, -50.0, 0.0), (5.0, -50.0, 0.0), (5.0, 90.0, 0.0), (2.0, 90.0, 0.0)])
    assert len(VIEW.polygon(strip)) == 4
    assert len(VIEW.polygon(strip + np.array([0.0, 200.0, 0.0]))) == 0
    assert np.isfinite(VIEW.polygon(strip)).all()


@pytest.mark.parametrize("change", [{"height_m": 0.0}, {"pitch_deg": 95.0}, {"focal_px": -1.0}])
def test_a_camera_that_cannot_exist_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(InputError, match="view"):
        replace(VIEW, **change)


def test_the_truth_tells_when_a_front_passes_and_on_which_lane() -> None:
    tracks = [drive("a", 5.0, -33.0), drive("b", 1.6, -58.0, kind=Kind.LORRY), drive("c", 5, 0)]
    found = passages(lane_spans(SCENE), SCENE.band, tracks, rate_hps=RATE_HPS, end_s=12.0)
    assert [(p.vehicle, p.lane, p.kind) for p in found] == [
        ("a", "slow", "car"),
        ("b", "fast", "lorry"),
    ]
    assert [p.time_s for p in found] == pytest.approx([2.5, 5.0])
    assert found[0].frame == 62
    assert found[1].speed_mps == pytest.approx(10.0)


def test_a_vehicle_beside_the_band_or_after_the_clip_is_no_passage() -> None:
    tracks = [drive("verge", 9.0, -33.0), drive("late", 5.0, -120.0)]
    spans = lane_spans(SCENE)
    assert passages(spans, SCENE.band, tracks, rate_hps=RATE_HPS, end_s=6.0) == []


def test_who_stands_on_the_band_passes_it_once() -> None:
    moving = drive("a", 5.0, -33.0)
    y_m = np.minimum(moving.y_m, -8.0)
    y_m[moving.time_s > 8] += 6.0
    stopped = replace(moving, y_m=y_m)
    found = passages(lane_spans(SCENE), SCENE.band, [stopped], rate_hps=RATE_HPS, end_s=12.0)
    assert len(found) == 1


def test_a_movement_counts_where_both_its_ends_are_in_the_picture() -> None:
    streets = (
        OnStreet(street="before", from_s=0.0, to_s=2.4),
        OnStreet(street="after", from_s=2.6, to_s=3.0),
        OnStreet(street="behind us", from_s=8.0, to_s=12.0),
    )
    track = replace(drive("a", 5.0, -33.0), streets=streets)
    found = movements(VIEW, [track], rate_hps=RATE_HPS, end_s=12.0)
    assert [(m.from_street, m.to_street, m.frame) for m in found] == [("before", "after", 65)]
    assert movements(VIEW, [track], rate_hps=RATE_HPS, end_s=2.5) == []


def test_lanes_fill_the_band_and_head_down_the_picture() -> None:
    spans = lane_spans(SCENE)
    start, end = band_pixels(VIEW, SCENE.band)
    assert [span.name for span in spans] == ["slow", "fast"]
    assert spans[0].limits_px[0] == 0.0
    assert spans[0].limits_px[1] == pytest.approx(spans[1].limits_px[0], abs=0.02)
    assert spans[1].limits_px[1] == pytest.approx(float(np.linalg.norm(end - start)), abs=0.02)
    assert all(150 < span.heading_deg < 210 for span in spans)


def test_a_band_beside_the_street_is_refused() -> None:
    away = replace(SCENE, band=Band(from_m=(40.0, -8.0), to_m=(30.0, -8.0)))
    with pytest.raises(InputError, match="no lane that crosses the band"):
        lane_spans(away)


def test_the_settings_hold_both_bands_in_pixels() -> None:
    import tomllib  # noqa: PLC0415

    told = tomllib.loads(camera_toml(SCENE, lane_spans(SCENE)))
    assert told["frame_px"] == [320, 240]
    assert [row["name"] for row in told["lane"]] == ["slow", "fast"]
    assert told["second_band"]["distance_m"] == 5.0
    # The second band lies upstream, so higher in the picture and narrower.
    assert told["second_band"]["from_px"][1] < told["band"]["from_px"][1]
    widths = [told[b]["to_px"][0] - told[b]["from_px"][0] for b in ("second_band", "band")]
    assert widths[0] < widths[1]


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not() -> None:
    noisy = replace(SCENE, sensor=Sensor(noise=3, shake_px=0.5))
    tracks = [drive("a", 5.0, -30.0), drive("b", 1.6, -25.0, kind=Kind.BUS)]
    first, again = pictures(noisy, tracks, 4), pictures(noisy, tracks, 4)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, pictures(replace(noisy, seed=2), tracks, 4))


@pytest.mark.parametrize("kind", list(Kind))
def test_the_picture_changes_on_the_lane_when_the_truth_says_so(kind: Kind) -> None:
    track = drive("a", 5.1, -16.0, kind=kind)
    [passage] = passages(lane_spans(SCENE), SCENE.band, [track], rate_hps=RATE_HPS, end_s=12)
    frames = pictures(SCENE, [track], passage.frame + 12)
    grey = at_band(SCENE, frames, "slow")
    change = np.abs(grey - grey[0])
    # From this height the body hides the band only once its front has reached it.
    assert change[: passage.frame - 4].max() < 6
    assert change[passage.frame + 1 : passage.frame + 6].max() > 18
    fast = at_band(SCENE, frames[: passage.frame], "fast")
    assert np.abs(fast - fast[0]).max() < 6


def test_a_receding_vehicle_leaves_the_band_as_its_rear_does() -> None:
    behind = replace(
        SCENE,
        view=replace(VIEW, y_m=-31.0, yaw_deg=0.0),
        band=Band(from_m=(0.0, -8.0), to_m=(6.8, -8.0)),
    )
    assert [span.name for span in lane_spans(behind)] == ["fast", "slow"]
    assert all(s.heading_deg < 30 or s.heading_deg > 330 for s in lane_spans(behind))
    track = drive("a", 5.1, -18.0)
    grey = at_band(behind, pictures(behind, [track], 60), "slow")
    is_covered = np.abs(grey - grey[-1]) > 8
    # Front at 25 frames, rear 4.4 m or 11 frames later.
    assert is_covered[26:36].mean() > 0.7
    assert not is_covered[40:].any()


def test_a_low_sun_throws_the_shadow_onto_the_next_lane() -> None:
    sunny = replace(SCENE, light=replace(LOW_SUN, sun_azimuth_deg=90.0))
    track = drive("a", 5.1, -16.0, kind=Kind.VAN)
    fast = at_band(sunny, pictures(sunny, [track], 40), "fast")
    assert fast.min() < 0.75 * fast[0]
    high = replace(SCENE, light=replace(DAY, sun_height_deg=75.0, sun_azimuth_deg=90.0))
    fast = at_band(high, pictures(high, [track], 40), "fast")
    assert fast.min() > 0.95 * fast[0]


def test_at_night_the_light_comes_before_the_car_and_reaches_the_next_lane() -> None:
    night = replace(SCENE, light=NIGHT)
    track = drive("a", 5.1, -30.0)
    frames = pictures(night, [track], 60)
    slow, fast = at_band(night, frames, "slow"), at_band(night, frames, "fast")
    arrives = 55
    assert slow[arrives - 18] > slow[0] + 25
    assert slow[arrives - 18 : arrives].max() > slow[0] + 60
    assert fast[:arrives].max() > fast[-1] + 15


def test_the_beam_ends_at_the_vehicle_ahead() -> None:
    whole = lamps.beam()
    assert whole.max() == pytest.approx(1.0)
    assert len(lamps.cut_beam(whole, 5.0)) < len(whole) / 8
    assert len(lamps.cut_beam(whole, np.inf)) == len(whole)


def test_a_tall_vehicle_hides_what_is_behind_it() -> None:
    lorry, car = drive("l", 5.1, -4.0, kind=Kind.LORRY), drive("c", 5.1, -16.0)
    alone = pictures(SCENE, [lorry], 1)[0].astype(int)
    both = pictures(SCENE, [lorry, car], 1)[0].astype(int)
    free = pictures(SCENE, [car], 1)[0].astype(int)
    empty = pictures(SCENE, [], 1)[0].astype(int)
    seen_alone = (np.abs(free - empty).max(axis=2) > 10).sum()
    seen_behind = (np.abs(both - alone).max(axis=2) > 10).sum()
    assert seen_alone > 100
    assert seen_behind < 0.3 * seen_alone


def test_a_stream_of_few_bits_leaves_quiet_blocks_as_they_were() -> None:
    dice = np.random.default_rng(1)
    stream = sensor.Stream(strength=0.5, noise=2.0)
    still = np.full((64, 64, 3), 120.0)
    first = stream.carry(np.clip(still + dice.normal(0, 2, still.shape), 0, 255).astype(np.uint8))
    moved = still.copy()
    moved[:16, :16] = 200.0
    second = stream.carry(np.clip(moved + dice.normal(0, 2, still.shape), 0, 255).astype(np.uint8))
    assert (second[:16, :16].mean() - first[:16, :16].mean()) > 60
    assert np.array_equal(first[32:, 32:], second[32:, 32:])


def test_the_exposure_follows_the_light() -> None:
    exposure = sensor.Exposure(speed=0.6, rate_hps=RATE_HPS, target=110.0)
    bright, dim = np.full((18, 32, 3), 110, np.uint8), np.full((18, 32, 3), 60, np.uint8)
    assert exposure.expose(bright).mean() == pytest.approx(110, abs=1)
    first = exposure.expose(dim).mean()
    later = [exposure.expose(dim).mean() for _ in range(150)][-1]
    assert first < 66
    assert later > 80


def test_clouds_dim_the_sun_and_a_clear_sky_does_not() -> None:
    cloudy = replace(SCENE, weather=Weather(clouds=0.9))
    share = sensor.sunshine(cloudy, 3000, RATE_HPS)
    assert share.min() < 0.35
    assert share.max() > 0.8
    assert np.abs(np.diff(share)).max() < 0.05
    assert (sensor.sunshine(SCENE, 10, RATE_HPS) == 1).all()


def test_the_camera_shakes_as_far_as_asked() -> None:
    shifts = sensor.shake(Sensor(shake_px=1.0), 4000, np.random.default_rng(3))
    assert shifts.std() == pytest.approx(1.0, rel=0.15)


def test_one_car_in_five_is_as_grey_as_the_road() -> None:
    dice = np.random.default_rng(1)
    drawn = np.array([paint_of(Kind.CAR, dice) for _ in range(2000)])
    is_road_grey = (np.abs(drawn - 107).max(axis=1) < 22) & (np.ptp(drawn, axis=1) < 10)
    assert 0.15 < is_road_grey.mean() < 0.25


@pytest.mark.parametrize("kind", list(Kind))
def test_every_face_of_a_body_points_outwards(kind: Kind) -> None:
    length_m, width_m, height_m = SIZES_M[kind]
    vehicle = Vehicle(name="v", kind=kind, length_m=length_m, width_m=width_m, height_m=height_m)
    shell = build_shell(vehicle, np.full(3, 100.0), np.random.default_rng(1))
    for start, solid, _, _ in shell.parts:
        centre = shell.corners_m[start:solid].mean(axis=(0, 1))
        outwards = shell.corners_m[start:solid].mean(axis=1) - centre
        assert (np.einsum("ij,ij->i", outwards, shell.normals[start:solid]) > 0).all()
    assert shell.corners_m[..., 0].max() <= 0.001
    assert shell.corners_m[..., 0].min() == pytest.approx(-length_m, abs=0.35)
    assert shell.corners_m[..., 2].max() <= height_m + 1e-6

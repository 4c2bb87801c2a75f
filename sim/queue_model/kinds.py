"""Vehicles of a SUMO scenario by type: what the model needs of each, also where types are drawn."""

import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from citybrain.errors import InputError
from sim.queue_model.demand import Trip
from sim.sumo.includes import iterate_unfolded
from sim.sumo.vehicle_types import VehicleType, read_vehicle_types

_ANY = Trip(depart_s=0.0, edges=())
_USUAL = (2.5, 2.6, 4.5, 0.1)
_CLASSES = {
    "truck": (2.5, 1.3, 4.0, 0.05),
    "trailer": (2.5, 1.1, 4.0, 0.05),
    "bus": (2.5, 1.2, 4.0, 0.05),
    "coach": (2.5, 2.0, 4.0, 0.05),
    "motorcycle": (2.5, 6.0, 10.0, 0.1),
    "moped": (2.5, 1.1, 7.0, 0.1),
    "bicycle": (0.5, 1.2, 3.0, 0.1),
}
"""Gap in a queue [m], acceleration and deceleration [m/s²], deviation of the speed factor by class.

Source: SUMO documentation, "Vehicle Type Parameter Defaults".
"""


_TOP_MPS = {"bicycle": 20 / 3.6, "moped": 60 / 3.6}
"""Highest speed of the classes that are slower than streets allow; same source. [m/s]"""
_NORMAL = re.compile(r"\s*normc?\(([^,]+),([^,)]+)")


@dataclass(frozen=True, slots=True)
class _Mixture:
    """A distribution of types: their names, and the sum of the shares up to each one."""

    names: tuple[str, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Kinds:
    """Types of vehicles, and distributions of them.

    Read them with ``Kinds.read``.
    """

    _types: Mapping[str, Trip]
    _mixtures: Mapping[str, _Mixture]

    @classmethod
    def read(cls, files: Sequence[Path]) -> "Kinds":
        """Read the types of route and additional files, SUMO's default types among them.

        Raises
        ------
        InputError
            A file is missing or broken, or holds a bad number.
        """
        elements: dict[str, dict[str, str]] = {}
        mixed: dict[str, tuple[dict[str, str], list[dict[str, str]]]] = {}
        for path in files:
            for element in iterate_unfolded(path, {"vType", "vTypeDistribution"}):
                name, told = element.get("id", ""), dict(element.attrib)
                if element.tag == "vType":
                    elements[name] = told
                else:
                    mixed[name] = told, [dict(inner.attrib) for inner in element.iter("vType")]
        try:
            types = {
                kind.name: _kind(kind, elements.get(kind.name, {}))
                for kind in read_vehicle_types(files).values()
            }
            mixtures = {
                name: _mixture(_members(told, inside, elements))
                for name, (told, inside) in mixed.items()
            }
        except ValueError as error:
            where = "vehicle types of the scenario"
            raise InputError(where, f"hold a bad number ({error})", "correct it") from None
        return cls(types, mixtures)

    def of(self, name: str, vehicle: str) -> Trip:
        """Return what a vehicle is like; an unknown type is a usual car.

        Parameters
        ----------
        name
            Type, or distribution that the vehicle's type is drawn from.
        vehicle
            Name of the vehicle; the same one draws the same type.
        """
        mixture = self._mixtures.get(name)
        if mixture is not None and mixture.names:
            dice = random.Random(vehicle)
            name = dice.choices(mixture.names, cum_weights=mixture.shares)[0]
        return self._types.get(name, _ANY)


def _mixture(members: Iterator[tuple[str, float]]) -> _Mixture:
    shares = {name: share for name, share in members if share > 0}
    return _Mixture(tuple(shares), tuple(accumulate(shares.values())))


def _members(
    told: Mapping[str, str],
    inside: Sequence[Mapping[str, str]],
    types: Mapping[str, Mapping[str, str]],
) -> Iterator[tuple[str, float]]:
    """Yield type and share of a distribution, whether its types are inside it or named."""
    for inner in inside:
        yield inner.get("id", ""), _number(inner.get("probability", "1"))
    names, shares = told.get("vTypes", "").split(), told.get("probabilities", "").split()
    for number, name in enumerate(names):
        own = types.get(name, {}).get("probability", "1")
        yield name, _number(shares[number] if number < len(shares) else own)


def _kind(kind: VehicleType, told: Mapping[str, str]) -> Trip:
    gap_m, acceleration_mps2, deceleration_mps2, _ = _CLASSES.get(kind.vclass, _USUAL)
    factor, deviation = _wanted_speed(kind.vclass, told)
    return Trip(
        depart_s=0.0,
        edges=(),
        space_m=kind.length_m + _number(told.get("minGap", gap_m)),
        speed_factor=factor,
        speed_deviation=deviation,
        top_mps=float(told.get("maxSpeed", _TOP_MPS.get(kind.vclass, math.inf))),
        acceleration_mps2=_number(told.get("accel", acceleration_mps2)),
        deceleration_mps2=_number(told.get("decel", deceleration_mps2)),
        tau_s=_positive(told.get("tau", _ANY.tau_s)),
        imperfection=_number(told.get("sigma", _ANY.imperfection)),
        vclass=kind.vclass,
    )


def _wanted_speed(vclass: str, told: Mapping[str, str]) -> tuple[float, float]:
    """Return mean and deviation of the speed over the limit."""
    factor, deviation = told.get("speedFactor", "1"), _CLASSES.get(vclass, _USUAL)[-1]
    if drawn := _NORMAL.match(factor):
        factor, deviation = drawn[1], _number(drawn[2])
    elif "(" in factor:
        factor = "1"  # another distribution; those of speeds lie about 1
    return _number(factor), _number(told.get("speedDev", deviation))


def _number(told: str | float) -> float:
    """Return a finite number; SUMO takes no other.

    Raises
    ------
    ValueError
        It is none.
    """
    number = float(told)
    if not math.isfinite(number):
        msg = f"{told!r} is not finite"
        raise ValueError(msg)
    return number


def _positive(told: str | float) -> float:
    """Return a finite number above zero.

    Raises
    ------
    ValueError
        It is none.
    """
    number = _number(told)
    if number <= 0.0:
        msg = f"{told!r} is not above zero"
        raise ValueError(msg)
    return number

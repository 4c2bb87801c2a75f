"""Pollers for the units of a settings file: one for each name of credentials."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from citybrain.controllers.ntcip.secrets import V3
from citybrain.controllers.ntcip.status import Clock
from citybrain.controllers.polling.poller import Poll, Poller, Target
from citybrain.controllers.settings import ControllerSettings
from citybrain.errors import InputError


def pollers_of(
    settings: ControllerSettings, units: Iterable[str], now: Clock, hear: Callable[[Poll], None]
) -> tuple[Poller, ...]:
    """Return pollers that ask units with the credentials by which they are read.

    Parameters
    ----------
    settings
        All units.
    units
        Names of those to ask.
    now
        The clock of what is told. [UTC]
    hear
        Hears every poll.

    Raises
    ------
    InputError
        A unit is read over v2c, which the poller does not speak, or a secret cannot be had.
    """
    targets: dict[str, list[Target]] = defaultdict(list)
    for name in units:
        unit = settings.unit(name)
        targets[unit.read].append(Target(unit=name, address=unit.address, port=unit.port))
    return tuple(
        Poller(those, _v3(settings, name, those[0].unit), now, hear)
        for name, those in targets.items()
    )


def _v3(settings: ControllerSettings, name: str, unit: str) -> V3:
    credentials = settings.credentials(name)
    if not isinstance(credentials, V3):
        where, what = f"{settings.path}: units.{unit}", "is read over v2c and cannot be watched"
        raise InputError(where, what, "name the others with --units, or give it v3 credentials")
    return credentials

"""Links to controllers by their names in the settings; one SNMP engine per credentials."""

from types import TracebackType

from citybrain.controllers.ntcip.link import NtcipLink, NtcipReader
from citybrain.controllers.ntcip.session import SnmpSession
from citybrain.controllers.ntcip.wire import Wires
from citybrain.controllers.settings import ControllerSettings, Unit
from citybrain.errors import InputError
from citybrain.ports.controllers import ControllerLink, ControllerReader


class Controllers:
    """Opens links to the units of a settings file.

    To be used as ``async with Controllers(settings) as controllers``.  Secrets are fetched when the
    first link that needs them is opened: a process that only reads never touches those for writing.

    Parameters
    ----------
    settings
        Units, addresses, credentials.
    """

    def __init__(self, settings: ControllerSettings) -> None:
        self._settings = settings
        self._wires: dict[str, Wires] = {}

    async def __aenter__(self) -> "Controllers":
        """Begin; nothing is opened yet."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every socket."""
        for wires in self._wires.values():
            wires.close()
        self._wires.clear()

    async def reader(self, name: str) -> ControllerReader:
        """Return a link that can read and not write.

        Raises
        ------
        InputError
            There is no such unit, or its secret cannot be had.
        """
        unit = self._settings.unit(name)
        return NtcipReader(await self._session(unit, unit.read))

    async def link(self, name: str) -> ControllerLink:
        """Return a link that can write; for the gate alone.

        Raises
        ------
        InputError
            There is no such unit, it is only read, or its secret cannot be had.
        """
        unit = self._settings.unit(name)
        if unit.write is None:
            where = f"{self._settings.path}: units.{name}"
            raise InputError(where, "has no credentials to write", "name some with write = …")
        return NtcipLink(await self._session(unit, unit.write))

    async def _session(self, unit: Unit, credentials: str) -> SnmpSession:
        if credentials not in self._wires:
            self._wires[credentials] = Wires(self._settings.credentials(credentials))
        wire = await self._wires[credentials].to(unit.address, unit.port)
        return SnmpSession(unit.name, wire, self._settings.patience)

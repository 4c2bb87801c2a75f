"""Without the gate's credentials no value of a unit can be set, whatever code is run."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.link import NtcipLink
from citybrain.controllers.ntcip.session import SnmpSession
from citybrain.controllers.ntcip.wire import Wires
from citybrain.controllers.opening import Controllers
from citybrain.controllers.settings import ControllerSettings, read_controllers
from citybrain.errors import CitybrainError, InputError
from citybrain.ports.controllers import ControllerError, ControllerLink, UnitPlan
from tests.controllers import snmpd_kit as kit

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(kit.SNMPD is None, reason=kit.ABSENT),
]
Result = TypeVar("Result")


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[kit.Agent]:
    with kit.running(tmp_path) as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, agent: kit.Agent) -> ControllerSettings:
    """What everybody but the gate has; the gate's secret is somebody else's file."""
    for name, secret in (("auth", kit.AUTH), ("priv", kit.PRIV)):
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o600)
    path = tmp_path / "controllers.toml"
    path.write_text(
        f'[credentials.watch]\nuser = "{kit.READER}"\nauth_file = "auth"\npriv_file = "priv"\n'
        f'[credentials.gate]\nuser = "{kit.USER}"\nauth_file = "gate.auth"\npriv_file = "priv"\n'
        f'[units.K1]\naddress = "127.0.0.1"\nport = {agent.port}\nintersection = "J"\n'
        'read = "watch"\nwrite = "gate"\n'
        "[patience]\ntimeout_s = 1.0\nretries = 1\n"
    )
    return read_controllers(path)


def forged(settings: ControllerSettings, act: Callable[[NtcipLink], Awaitable[Result]]) -> Result:
    """Make a link that writes out of credentials that read, past every door."""

    async def main() -> Result:
        unit = settings.unit("K1")
        wires = Wires(settings.credentials("watch"))
        try:
            wire = await wires.to(unit.address, unit.port)
            return await act(NtcipLink(SnmpSession("K1", wire, settings.patience)))
        finally:
            wires.close()

    return asyncio.run(main())


def test_the_reading_user_reads(settings: ControllerSettings, agent: kit.Agent) -> None:
    async def read() -> UnitPlan:
        async with Controllers(settings) as controllers:
            return await (await controllers.reader("K1")).read_plan(1)

    assert asyncio.run(read()).cycle_s > 0
    assert agent.sets() == []


def test_a_reader_has_no_way_to_write(settings: ControllerSettings) -> None:
    async def reader() -> object:
        async with Controllers(settings) as controllers:
            return await controllers.reader("K1")

    found = asyncio.run(reader())
    ways = [name for name in dir(found) if name in {"push", "rollback", "settle", "keep_control"}]
    assert ways == []


def test_no_link_that_writes_is_opened_without_the_secret(settings: ControllerSettings) -> None:
    async def link() -> None:
        async with Controllers(settings) as controllers:
            await controllers.link("K1")

    with pytest.raises(InputError, match=r"gate\.auth"):
        asyncio.run(link())


async def moved(link: ControllerLink) -> object:
    """Push what the unit holds, its offset moved by a second."""
    plan = replace(await link.read_plan(1), pattern=3)
    return await link.push(replace(plan, offset_s=(plan.offset_s + 1) % plan.cycle_s))


def test_a_push_with_reading_credentials_sets_nothing(
    settings: ControllerSettings, agent: kit.Agent
) -> None:
    with suppress(CitybrainError):
        assert "RUNS" not in repr(forged(settings, moved))
    assert agent.sets() == []


def test_the_same_push_with_the_secret_of_the_gate_does_set(
    settings: ControllerSettings, agent: kit.Agent
) -> None:
    secret = settings.path.with_name("gate.auth")
    secret.write_text(kit.AUTH)
    secret.chmod(0o600)

    async def push() -> None:
        async with Controllers(settings) as controllers:
            await moved(await controllers.link("K1"))

    asyncio.run(push())
    assert agent.sets()


def test_no_single_set_with_reading_credentials_arrives(
    settings: ControllerSettings, agent: kit.Agent
) -> None:
    async def command(link: NtcipLink) -> None:
        await link._session.set([(objects.SYSTEM_PATTERN_CONTROL.of(), 3)])

    with pytest.raises(ControllerError):
        forged(settings, command)
    assert agent.sets() == []

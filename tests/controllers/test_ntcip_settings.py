"""Settings of controllers, and secrets that stay where they are."""

import asyncio
import logging
import pickle
import traceback
from pathlib import Path

import pytest

from citybrain.controllers.ntcip.secrets import V3, Secret, V2c
from citybrain.controllers.opening import Controllers
from citybrain.controllers.settings import read_controllers
from citybrain.errors import InputError
from citybrain.ports.controllers import UnreachableError
from tests.controllers.snmpd_kit import free_port

SECRETS = ("auth-of-the-reader", "priv-of-the-reader")
TEXT = """
[credentials.watch]
user = "reader"
auth_file = "auth"
priv_variable = "PRIV_OF_READER"

[units.k101]
address = "127.0.0.1"
port = {port}
intersection = "A"
read = "watch"

[patience]
timeout_s = 0.05
retries = 1
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    auth = tmp_path / "auth"
    auth.write_text(SECRETS[0] + "\n", encoding="utf-8")
    auth.chmod(0o600)
    monkeypatch.setenv("PRIV_OF_READER", SECRETS[1])
    settings = tmp_path / "controllers.toml"
    settings.write_text(TEXT.format(port=free_port()), encoding="utf-8")
    return settings


def changed(path: Path, old: str, new: str) -> Path:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return path


def test_secrets_come_from_a_file_of_the_owner_and_from_the_environment(path: Path) -> None:
    credentials = read_controllers(path).credentials("watch")
    assert credentials == V3(
        user="reader", auth_key=Secret(SECRETS[0]), priv_key=Secret(SECRETS[1])
    )


@pytest.mark.parametrize("rights", [0o640, 0o604, 0o622, 0o660])
def test_a_secret_that_others_may_read_or_write_is_refused(path: Path, rights: int) -> None:
    (path.parent / "auth").chmod(rights)
    with pytest.raises(InputError, match="open to others than its owner; run: chmod 600"):
        read_controllers(path).credentials("watch")


def test_a_link_in_the_place_of_a_secret_is_refused(path: Path) -> None:
    auth = path.parent / "auth"
    auth.rename(path.parent / "elsewhere")
    auth.symlink_to("elsewhere")
    with pytest.raises(InputError, match="cannot be read"):
        read_controllers(path).credentials("watch")


def test_there_is_no_default_secret_and_no_default_version_without_one(path: Path) -> None:
    changed(path, 'auth_file = "auth"', "")
    with pytest.raises(InputError, match="needs one source of its secret"):
        read_controllers(path).credentials("watch")


def test_v2c_must_be_asked_for_by_name(path: Path) -> None:
    changed(path, 'user = "reader"\nauth_file', "community_file")
    changed(path, 'priv_variable = "PRIV_OF_READER"', "")
    with pytest.raises(InputError, match="has no user"):
        read_controllers(path).credentials("watch")
    changed(path, "community_file", 'version = "v2c"\ncommunity_file')
    assert read_controllers(path).credentials("watch") == V2c(community=Secret(SECRETS[0]))


def test_v3_with_a_leftover_of_v2c_is_refused(path: Path) -> None:
    settings = read_controllers(changed(path, "user =", 'community_file = "auth"\nuser ='))
    with pytest.raises(InputError, match=r"credentials\.watch: v3 knows no community_file; take"):
        settings.credentials("watch")


@pytest.mark.parametrize("name", ["user", "auth_file", "auth_variable", "priv_file"])
def test_v2c_with_a_leftover_of_v3_is_refused(path: Path, name: str) -> None:
    text = path.read_text(encoding="utf-8")
    units = text[text.index("[units.k101]") :]
    old = f'[credentials.watch]\nversion = "v2c"\ncommunity_file = "auth"\n{name} = "priv"\n'
    path.write_text(old + units, encoding="utf-8")
    with pytest.raises(InputError, match=f"v2c knows no {name}; take it out, or say another"):
        read_controllers(path).credentials("watch")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"127.0.0.1"', '"localhost"', "is no IPv4 address"),
        ('read = "watch"', 'read = "nobody"', "there are no credentials nobody"),
        ("retries = 1", "retries = -1", "patience.retries"),
        ("retries = 1", "retry = 1", "patience.retry"),
        ("[units.k101]", "[units.k101", "is not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named(path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_controllers(changed(path, old, new))


def test_two_units_at_one_address_are_refused(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    unit = text[text.index("[units.k101]") : text.index("[patience]")]
    path.write_text(text + unit.replace("k101", "k102"), encoding="utf-8")
    with pytest.raises(InputError, match=r"units\.k102: has the address of k101"):
        read_controllers(path)


def test_a_unit_without_write_credentials_is_only_read(path: Path) -> None:
    async def act() -> None:
        async with Controllers(read_controllers(path)) as controllers:
            assert not hasattr(await controllers.reader("k101"), "push")
            with pytest.raises(InputError, match="has no credentials to write"):
                await controllers.link("k101")

    asyncio.run(act())


def test_secrets_show_in_no_error_log_or_process_list(
    path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not even in a trace-back with the values of all local variables."""
    caplog.set_level(logging.DEBUG)
    shown = [repr(read_controllers(path)), repr(read_controllers(path).credentials("watch"))]

    async def act() -> None:
        async with Controllers(read_controllers(path)) as controllers:
            await (await controllers.reader("k101")).status()

    with pytest.raises(UnreachableError) as raised:
        asyncio.run(act())
    told = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    shown += [str(raised.value), *told.format(), caplog.text, *capfd.readouterr()]
    shown += [Path("/proc/self/cmdline").read_text(encoding="utf-8")]
    assert not [each for each in shown for secret in SECRETS if secret in each]


def test_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret("quite-a-secret"))

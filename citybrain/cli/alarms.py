"""The commands ``alarms show`` and ``alarms clear``."""

from pathlib import Path

from citybrain.cli.console import OUTPUT, print_json
from citybrain.cli.street import signing_desk
from citybrain.cli.street_options import Signer
from citybrain.engine.gate.alarms import Alarm, clear, present_alarms
from citybrain.engine.street.desk import open_desk
from citybrain.engine.street.settings import read_street


def show(street: Path, *, is_json: bool) -> int:
    """Print the alarms that nobody has cleared; 1 if there are any."""
    with open_desk(read_street(street)) as desk:
        alarms = present_alarms(desk)
    if is_json:
        print_json({"alarms": alarms})
    for alarm in () if is_json else alarms:
        OUTPUT.print(f"{str(alarm['at'])[:19]}Z  {told(alarm)}")
    if not (alarms or is_json):
        OUTPUT.print("no alarm is open")
    return 1 if alarms else 0


def clear_one(signer: Signer, number: int) -> int:
    """Sign that an alarm was looked at."""
    with signing_desk(signer) as (desk, key):
        alarm = clear(desk, number, key, signer.comment)
    if signer.is_json:
        print_json({"cleared": alarm})
    else:
        OUTPUT.print(f"cleared {told(alarm)}")
    return 0


def told(alarm: Alarm) -> str:
    """Return an alarm in one line."""
    return f"alarm {alarm['record']}: {alarm['unit']}: {alarm['text']}"

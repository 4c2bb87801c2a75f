"""What the commands share that take plans to controllers: settings, keys, what they print."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from citybrain.cli.console import OUTPUT, headline, print_json
from citybrain.cli.escaping import visible
from citybrain.cli.street_options import Signer
from citybrain.controllers.signatures import SigningKey, read_key
from citybrain.engine.street.desk import Desk, open_desk, proposed_schedule
from citybrain.engine.street.settings import read_street
from citybrain.store.ledger.plans import KeptPlan

PASSPHRASE = "CITYBRAIN_KEY_PASSPHRASE"
"""Environment variable with the passphrase of a protected key."""
SHORT = 12
"""Characters of a hash that are shown."""


@contextmanager
def signing_desk(signer: Signer) -> Iterator[tuple[Desk, SigningKey]]:
    """Open the desk for a signer, and read the key."""
    key = signing_key(signer.key)
    with open_desk(read_street(signer.street)) as desk:
        yield desk, key


def signing_key(path: Path) -> SigningKey:
    """Read a private key; its passphrase, if it has one, is in the environment."""
    return read_key(path, os.environ.get(PASSPHRASE, ""))


def plan_content(plan: KeptPlan) -> dict[str, object]:
    """Return what is told of a plan."""
    return {
        "plan": plan.hash,
        "name": plan.name,
        "state": plan.state.value,
        "verdict": plan.verdict_hash,
        "proposed_by": plan.proposed_by,
        "proposed_at": plan.proposed_at,
        "schedule": proposed_schedule(plan),
    }


def print_plan(plan: KeptPlan, *, is_json: bool) -> None:
    """Print where a plan stands."""
    if is_json:
        print_json(plan_content(plan))
    else:
        stands = f"{plan.hash[:SHORT]} is {plan.state.value}; proposed by {plan.proposed_by}"
        headline(f"plan {visible(plan.name)}", f" {stands}")
        print_times(plan)


def print_times(plan: KeptPlan) -> None:
    """Print when the units' own clocks are to run a plan; nothing for one that is commanded."""
    if schedule := proposed_schedule(plan):
        OUTPUT.print(f"  by the units' own clocks: {schedule}")

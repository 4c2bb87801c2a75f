"""What the bounds of automatic approval count from: what persons last let a unit run."""

from collections.abc import Callable, Sequence
from functools import cache

from citybrain.engine.approval.checks import dossier
from citybrain.engine.street.desk import Desk
from citybrain.errors import UnsafePlanError
from citybrain.model.approval import is_by_persons
from citybrain.model.plan import Plan
from citybrain.store.ledger.plans import kept_plan
from citybrain.store.ledger.pushes import Running, running_histories
from citybrain.store.plans import plan_of


def reference_plans(desk: Desk) -> dict[str, Plan]:
    """Return by unit the last plan that it ran and persons approved, by the audit log.

    Units that ran none of the ledger before plans were approved automatically are left out, and
    all while automatic approval is off.

    Parameters
    ----------
    desk
        Ledger, register and settings.

    Raises
    ------
    InputError
        The ledger cannot be read, or a text in it is not what it should be.
    """
    if desk.street.bounds is None:
        return {}
    with desk.ledger.reading() as connection:
        histories = running_histories(connection)
    is_approved = cache(lambda key: _is_by_persons(desk, key))
    keys = {unit: reference_of(history, is_approved) for unit, history in histories.items()}
    with desk.ledger.reading() as connection:
        texts = {key: kept_plan(connection, key).text for key in set(keys.values()) - {""}}
    plans = {key: plan_of(text, f"plan {key[:12]}") for key, text in texts.items()}
    return {unit: plans[key] for unit, key in keys.items() if key}


def reference_of(history: Sequence[Running], is_approved: Callable[[str], bool]) -> str:
    """Return the hash of what a unit ran before any automatic approval changed it.

    What a push brought leads back to what ran before that push, so that a plan which was rolled
    back is passed over.

    Parameters
    ----------
    history
        What the unit ran, the oldest first.
    is_approved
        Tells by its hash whether persons approved a plan.

    Returns
    -------
    str
        Hash of a plan that persons approved; empty where nothing of the ledger ran.
    """
    begins: dict[str, int] = {}
    for index, row in enumerate(history):
        begins.setdefault(row.push_id, index)
    end = len(history)
    while end:
        last = history[end - 1]
        if not last.plan_hash or is_approved(last.plan_hash):
            return last.plan_hash
        end = begins[last.push_id]
    return ""


def _is_by_persons(desk: Desk, key: str) -> bool:
    """Tell whether persons approved a plan; what is signed with no good key counts for nothing."""
    with desk.ledger.reading() as connection:
        kept = kept_plan(connection, key)
    try:
        return is_by_persons(dossier(desk, kept), desk.street.rules)
    except UnsafePlanError:
        return False

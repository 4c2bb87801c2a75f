"""The ledger: plans, signatures, pushes, receipts, alarms and the audit log, in SQL."""

from citybrain.store.ledger.opening import Ledger, open_ledger
from citybrain.store.ledger.writing import Writing

__all__ = ["Ledger", "Writing", "open_ledger"]

"""What approval and the gate both stand on: settings, ledger, register, rules, units' plans."""

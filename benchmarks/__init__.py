"""Benchmarks: citybrain side by side with its peers; ``citybrain bench NAME`` runs one.

Every module without a leading underscore is a benchmark with
``run(*, networks: list[str], is_check: bool, is_json: bool) -> int``.
"""

"""Files of virtual units at junctions of the bundled scenario."""

from pathlib import Path

PHASE_MAPS = """
[J1]
coordinated = [2]
sequences.1 = [[[2]], [[4]]]
phases.2 = { minimum_green_s = 5, yellow_s = 3.0, red_clearance_s = 1.0 }
phases.4 = { minimum_green_s = 5, yellow_s = 3.0, red_clearance_s = 1.0 }
groups.1 = { phases = { 4 = "G" } }
groups.2 = { phases = { 4 = "g" } }
groups.3 = { phases = { 2 = "G" } }
groups.4 = { phases = { 2 = "g" } }

[J3]
coordinated = [2]
sequences.1 = [[[2]], [[1]], [[4]], [[3]]]
phases.2 = { minimum_green_s = 5, yellow_s = 3.0, red_clearance_s = 2.0, walk_s = 8, pedestrian_clearance_s = 10 }
phases.1 = { minimum_green_s = 5, yellow_s = 3.0, red_clearance_s = 2.0 }
phases.4 = { minimum_green_s = 5, yellow_s = 3.0, red_clearance_s = 2.0, walk_s = 8, pedestrian_clearance_s = 10 }
phases.3 = { minimum_green_s = 5, yellow_s = 3.0, red_clearance_s = 2.0 }
groups.1 = { phases = { 4 = "g" } }
groups.2 = { phases = { 4 = "G" } }
groups.3 = { phases = { 3 = "G" } }
groups.4 = { phases = { 2 = "g" } }
groups.5 = { phases = { 2 = "G" } }
groups.6 = { phases = { 1 = "G" } }
groups.7 = { phases = { 2 = "G" }, is_walk = true }
groups.8 = { phases = { 4 = "G" }, is_walk = true }
"""  # noqa: E501 - one phase stands on one line

UNIT = """
name = "{name}"
port = 0
phase_maps = "phase_maps.toml"
intersection = "{name}"
backup_time_s = 3600

[credentials.write]
may_write = true
user = "writer"
auth_file = "secret"
priv_file = "secret"
"""
SECRET = "correct horse battery staple"


def unit_files(folder: Path, *names: str) -> list[Path]:
    """Write unit files with their phase maps and secrets."""
    (folder / "phase_maps.toml").write_text(PHASE_MAPS)
    secret = folder / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    paths = []
    for name in names:
        path = folder / f"{name}.toml"
        path.write_text(UNIT.format(name=name))
        paths.append(path)
    return paths

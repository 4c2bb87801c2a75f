"""SUMO: reading its networks and programs, running it, judging what came out."""

"""Measures of a run: pure functions of trajectories, and the table of all of them."""

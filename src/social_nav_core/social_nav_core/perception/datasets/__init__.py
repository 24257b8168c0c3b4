"""Recorded people who met a robot: readers of published data sets."""

"""Readers of what people did: tables of positions, histograms, trajectories, recordings of topics.

Positions around a person are (forward, left) [m] in that person's frame (REP-103).
"""

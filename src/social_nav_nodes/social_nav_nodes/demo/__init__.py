"""The demonstration: starts the nodes, does two jobs with them, and writes a report."""

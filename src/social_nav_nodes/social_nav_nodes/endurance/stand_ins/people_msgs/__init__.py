"""Stands in for the package people_msgs, of which there is no Python wheel."""

"""Packages that nodes need and that may not be installed; for the trials alone."""

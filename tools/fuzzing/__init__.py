"""Fuzzing of everything that the suite is told: messages, parameters, files and command lines."""

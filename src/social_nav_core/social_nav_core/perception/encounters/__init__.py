"""Made-up encounters of people with a robot, seen by its camera: a data set from a seed."""

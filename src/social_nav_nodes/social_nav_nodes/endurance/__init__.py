"""The suite under faults and load: what `make faults` and `make soak` run."""

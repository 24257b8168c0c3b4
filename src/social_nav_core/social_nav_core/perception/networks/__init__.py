"""Networks in PyTorch: the student, its teacher and baselines."""

"""From body poses to intent, attitude and action: networks, data and training.

Importing this package does not import torch; the modules of `networks`, `losses` and `training` do,
and are needed only to train.
"""

"""This project's counterparts of the pictures of Electronics 2025, 14(18), 3704."""

"""What readers of recordings raise."""


class DataError(ValueError):
    """A file of data cannot be used; one line that names the file, the row and the column."""

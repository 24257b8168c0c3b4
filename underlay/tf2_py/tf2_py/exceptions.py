"""What a transform buffer raises; the hierarchy is tf2's."""


class TransformException(Exception):
    """No transform can be given; the base of every exception of tf2."""


class LookupException(TransformException):
    """A frame is not known, or the tree is no tree because it contains a loop."""


class ConnectivityException(TransformException):
    """Both frames are known, but nothing connects them."""


class ExtrapolationException(TransformException):
    """The time that was asked for lies outside the data."""


class InvalidArgumentException(TransformException):
    """A frame name is empty or starts with a slash."""


class TimeoutException(TransformException):
    """Waiting for a transform took too long."""

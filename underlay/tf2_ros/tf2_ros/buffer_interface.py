"""What every buffer offers, and the registry of types that a buffer can transform."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, ClassVar

from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from std_msgs.msg import Header

NO_WAIT = Duration()

DoTransform = Callable[[Any, TransformStamped], Any]


class TypeException(Exception):
    """Nobody registered how to transform or convert this type."""

    def __init__(self, errstr: str) -> None:
        super().__init__(errstr)
        self.errstr = errstr


class NotImplementedException(Exception):
    """A buffer lacks the look-up that was called."""

    def __init__(self) -> None:
        self.errstr = "this buffer does not implement the look-up"
        super().__init__(self.errstr)


def _registered(registry: dict[Any, Any], key: Any, what: str) -> Any:
    if key not in registry:
        raise TypeException(
            f"do not know how to {what} {key}; import the package that registers it "
            "(tf2_geometry_msgs for poses, points and vectors)"
        )
    return registry[key]


class TransformRegistration:
    """How to transform each type of message; one registry for the whole process."""

    _functions: ClassVar[dict[Any, DoTransform]] = {}

    def add(self, key: Any, callback: DoTransform) -> None:
        """Register ``callback(object, transform)`` for a type."""
        self._functions[key] = callback

    def get(self, key: Any) -> DoTransform:
        """What was registered for a type; `TypeException` when nothing was."""
        return _registered(self._functions, key, "transform")


class ConvertRegistration:
    """How to convert each type to and from messages; one registry for the whole process."""

    _to_msg: ClassVar[dict[Any, Callable[[Any], Any]]] = {}
    _from_msg: ClassVar[dict[Any, Callable[[Any], Any]]] = {}
    _direct: ClassVar[dict[Any, Callable[[Any], Any]]] = {}

    def add_from_msg(self, key: Any, callback: Callable[[Any], Any]) -> None:
        """Register how to make a type from its message."""
        self._from_msg[key] = callback

    def add_to_msg(self, key: Any, callback: Callable[[Any], Any]) -> None:
        """Register how to make the message of a type."""
        self._to_msg[key] = callback

    def add_convert(self, key: tuple[Any, Any], callback: Callable[[Any], Any]) -> None:
        """Register a direct way for a pair (from, to) of types."""
        self._direct[key] = callback

    def get_from_msg(self, key: Any) -> Callable[[Any], Any]:
        """What was registered; `TypeException` when nothing was."""
        return _registered(self._from_msg, key, "convert a message to")

    def get_to_msg(self, key: Any) -> Callable[[Any], Any]:
        """What was registered; `TypeException` when nothing was."""
        return _registered(self._to_msg, key, "make a message of")

    def get_convert(self, key: tuple[Any, Any]) -> Callable[[Any], Any]:
        """What was registered; `TypeException` when nothing was."""
        return _registered(self._direct, key, "convert directly between")


def convert(a: Any, b_type: Any) -> Any:
    """An object as another type: directly, or by way of messages; always a copy."""
    registration = ConvertRegistration()
    try:
        direct = registration.get_convert((type(a), b_type))
    except TypeException:
        if type(a) is b_type:
            return deepcopy(a)
        return registration.get_from_msg(b_type)(registration.get_to_msg(type(a))(a))
    return direct(a)


def Stamped(obj: Any, stamp: Any, frame_id: str) -> Any:
    """The object, with a header."""
    obj.header = Header(frame_id=frame_id, stamp=stamp)
    return obj


class BufferInterface:
    """Transforms whole messages; the look-ups come from the class that derives from it."""

    def __init__(self) -> None:
        self.registration = TransformRegistration()

    def transform(
        self,
        object_stamped: Any,
        target_frame: str,
        timeout: Duration = NO_WAIT,
        new_type: Any = None,
    ) -> Any:
        """A stamped object in the target frame, at the object's own time.

        Args:
            object_stamped: a message with a header, of a registered type.
            target_frame: name of the frame to express it in.
            timeout: how long to wait for the transform.
            new_type: type to convert the result to, the same type unless given.

        Raises:
            TypeException: the type is not registered.
            TransformException: there is no transform.
        """
        do_transform = self.registration.get(type(object_stamped))
        header = object_stamped.header
        transform = self.lookup_transform(target_frame, header.frame_id, header.stamp, timeout)
        result = do_transform(object_stamped, transform)
        return result if new_type is None else convert(result, new_type)

    def transform_full(
        self,
        object_stamped: Any,
        target_frame: str,
        target_time: Any,
        fixed_frame: str,
        timeout: Duration = NO_WAIT,
        new_type: Any = None,
    ) -> Any:
        """A stamped object in the target frame as that frame is at another time.

        The fixed frame is taken to stand still between the object's time and the target time.
        """
        do_transform = self.registration.get(type(object_stamped))
        header = object_stamped.header
        transform = self.lookup_transform_full(
            target_frame, target_time, header.frame_id, header.stamp, fixed_frame, timeout
        )
        result = do_transform(object_stamped, transform)
        return result if new_type is None else convert(result, new_type)

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Any, timeout: Duration = NO_WAIT
    ) -> TransformStamped:
        """Pose of the source frame in the target frame."""
        raise NotImplementedException

    def lookup_transform_full(
        self,
        target_frame: str,
        target_time: Any,
        source_frame: str,
        source_time: Any,
        fixed_frame: str,
        timeout: Duration = NO_WAIT,
    ) -> TransformStamped:
        """Pose of the source frame at one time in the target frame at another."""
        raise NotImplementedException

    def can_transform(
        self, target_frame: str, source_frame: str, time: Any, timeout: Duration = NO_WAIT
    ) -> Any:
        """Whether `lookup_transform` would answer."""
        raise NotImplementedException

    def can_transform_full(
        self,
        target_frame: str,
        target_time: Any,
        source_frame: str,
        source_time: Any,
        fixed_frame: str,
        timeout: Duration = NO_WAIT,
    ) -> Any:
        """Whether `lookup_transform_full` would answer."""
        raise NotImplementedException

"""`People` with the fields that the suite reads; on the wire it is a SocialPersonArray."""

from __future__ import annotations

from typing import Any

from social_nav_msgs.msg import SocialPerson
from social_nav_msgs.msg import SocialPersonArray as People

__all__ = ["People"]


def _position(person: Any) -> Any:
    return person.pose.pose.position


for _name, _get in (("name", lambda person: person.id), ("position", _position)):
    setattr(SocialPerson, _name, property(_get))

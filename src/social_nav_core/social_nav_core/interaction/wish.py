"""Whether somebody who wanted to interact still does."""

from __future__ import annotations

from social_nav_core.people import Intent, Person

LONGEST_GLANCE = 1.0
"""Time [s] between two sights of somebody of which the later one tells."""


class WishWatch:
    """Tells who has turned away from who only waits or whose label flickers.

    Who waits need not look interested: nobody is left for want of signs.  What counts is the
    probability of not being interested: a time runs from when it reaches a limit until it has
    fallen below half of that.  It is the time in which the person was seen, so who is out of view
    does not turn away, and has not when found again.

    Args:
        unwilling_from: probability of not being interested from which the time runs.
        patience: time after which somebody does not want to interact any more [s].
    """

    def __init__(self, unwilling_from: float, patience: float) -> None:
        self._unwilling_from = unwilling_from
        self._patience = patience
        self._seen = 0.0
        self._turned_for: float | None = None

    def has_turned_away(self, person: Person) -> bool:
        """Whether a person has not wanted to interact for long enough, as seen by now."""
        passed = min(person.last_seen - self._seen, LONGEST_GLANCE)
        self._seen = person.last_seen
        unwilling = float(person.intent[Intent.NOT_INTERESTED])
        if unwilling < 0.5 * self._unwilling_from:
            self._turned_for = None
        elif self._turned_for is not None:
            self._turned_for += passed
        elif unwilling >= self._unwilling_from:
            self._turned_for = 0.0
        return self._turned_for is not None and self._turned_for >= self._patience

"""Whether somebody who wanted to interact still does."""

from __future__ import annotations

from social_nav_core.people import Intent, Person


class WishWatch:
    """Tells who has turned away from who only waits or whose label flickers.

    Who waits need not look interested: nobody is left for want of signs.  What counts is the
    probability of not being interested: a time runs from when it reaches a limit until it has
    fallen below half of that.  It is measured by when the person was seen, so who is out of view
    does not turn away.

    Args:
        unwilling_from: probability of not being interested from which the time runs.
        patience: time after which somebody does not want to interact any more [s].
    """

    def __init__(self, unwilling_from: float, patience: float) -> None:
        self._unwilling_from = unwilling_from
        self._patience = patience
        self._since: float | None = None

    def has_turned_away(self, person: Person) -> bool:
        """Whether a person has not wanted to interact for long enough, as seen by now."""
        unwilling = float(person.intent[Intent.NOT_INTERESTED])
        if unwilling >= self._unwilling_from:
            self._since = person.last_seen if self._since is None else self._since
        elif unwilling < 0.5 * self._unwilling_from:
            self._since = None
        return self._since is not None and person.last_seen - self._since >= self._patience

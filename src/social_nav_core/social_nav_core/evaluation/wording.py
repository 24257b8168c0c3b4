"""What the report says in words about runs, made from their metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from social_nav_core.evaluation.metrics.table import Metric
from social_nav_core.evaluation.run import RunRecord

Values = Mapping[str, float]


def heading(run: RunRecord) -> str:
    """Title of a job."""
    task = "Avoid" if run.task == "avoid" else "Approach"
    return task if run.scene == run.task else f"{task}: {readable(run.scene)}"


def readable(name: str) -> str:
    """A name of the record as people write it."""
    return name.replace("_", " ")


def lead(runs: Sequence[RunRecord]) -> str:
    """What the reader looks at."""
    who = f"The seed is {runs[0].seed}."
    if runs[0].task == "approach":
        return (
            "The robot walks up to a person, to a place where another person would stand: the"
            f" interaction model says where that is (green in the picture below). {who}"
        )
    if len(runs) == 1:
        return f"The robot's goal lies beyond the people. Purple is the social cost. {who}"
    return (
        "The robot's goal lies beyond the people. The room, the people and the seed"
        f" ({runs[0].seed}) are the same; only what the planner knows of people differs. Purple"
        " is the social cost."
    )


def verdict(runs: Sequence[RunRecord], values: Sequence[Values]) -> str:
    """The result of a job in a few sentences; the first run is the one that the job is about."""
    if runs[0].task == "approach":
        return _approach(runs[0], values[0])
    text = f"With “{runs[0].arm}” {_passing(values[0])}."
    for run, other in zip(runs[1:], values[1:], strict=True):
        text += f" With “{run.arm}” {_passing(other)}. {_detour(values[0], other)}"
    return text


def _passing(values: Values) -> str:
    words = "" if values["success"] else "the robot does not reach its goal; "
    if math.isnan(values["minimum_distance"]):
        return f"{words}the robot drives {values['path_length']:.1f} m and meets nobody"
    if values["o_space_time"] > 0.0:
        words += (
            f"the robot cuts through the group's shared space for {values['o_space_time']:.1f} s"
        )
    elif math.isfinite(values["group_time"]) and values["group_time"] > 0.0:
        words += "the robot brushes the group"
    else:
        words += "the robot stays out of everybody's shared space"
    words += f" and comes as close as {values['minimum_distance']:.2f} m to a person's centre"
    if values["person_contacts"]:
        words += f", touching someone {_times(values['person_contacts'])}"
    return words


def _detour(values: Values, other: Values) -> str:
    if not (values["success"] == 1.0 and other["success"] == 1.0):
        return ""
    more = values["path_length"] - other["path_length"]
    share = more / other["path_length"]
    if abs(share) < 0.005:
        return "Both ways are equally long."
    word = "longer" if more > 0.0 else "shorter"
    return f"The first way is {abs(more):.1f} m ({abs(share):.0%}) {word}."


def _approach(run: RunRecord, values: Values) -> str:
    person = readable(run.target_id)
    if not values["success"]:
        return f"The robot did not arrive at {person}."
    known = not math.isnan(values["success"])
    text = f"The robot reached {person}" if known else f"The robot's last place beside {person}"
    if math.isfinite(values["arrival_distance"]):
        text += (
            f": {values['arrival_distance']:.2f} m away, {values['arrival_bearing']:.0f}° off the"
            f" person's front, facing the person within {values['facing_error']:.0f}°"
        )
    text += "."
    if values["regoals"] > 0.0:
        text += f" The place was chosen again {_times(values['regoals'])} on the way."
    if values["person_contacts"]:
        text += f" It touched someone {_times(values['person_contacts'])}."
    return text


def _times(count: float) -> str:
    return {1: "once", 2: "twice"}.get(int(count), f"{int(count)} times")


def number(metric: Metric, value: float) -> str:
    """A metric's value for the table."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "never"
    if metric.unit == "yes or no":
        return "yes" if value else "no"
    return f"{value:.{metric.digits}f}"


def best(metric: Metric, values: Sequence[float]) -> list[bool]:
    """Which of several values is better than another; none when they read the same."""
    known = [value for value in values if not math.isnan(value)]
    if not metric.better or len({number(metric, value) for value in known}) < 2:
        return [False] * len(values)
    target = min(known) if metric.better == "lower" else max(known)
    return [number(metric, value) == number(metric, target) for value in values]


def picture_text(runs: Sequence[RunRecord]) -> str:
    """What a top view shows, for those who do not see it."""
    people = len(runs[0].person_ids)
    who = "nobody" if not people else f"{people} {'person' if people == 1 else 'people'}"
    ways = " and ".join(f"“{run.arm}”" for run in runs)
    return (
        f"Room from above with {who}, the social costs around them as a purple field, and the way"
        f" that the robot drove from start to goal with {ways}."
    )

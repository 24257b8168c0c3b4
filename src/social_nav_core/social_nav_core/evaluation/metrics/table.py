"""The table of all metrics: name, unit, meaning, and `measure`, which fills it for one run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from social_nav_core.evaluation.metrics import approach, collisions, comfort, navigation, social
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.geometry import FloatArray
from social_nav_core.interaction.kde import InteractionModel
from social_nav_core.people import Intent
from social_nav_core.proxemics.model import ProxemicsModel


@dataclass(frozen=True)
class Metric:
    """One row of the table.

    Attributes:
        name: key in the results of `measure`.
        section: 'navigation', 'social' or 'approach'.
        label: what people read.
        unit: '' for counts and shares, 'yes or no' for 1 and 0.
        better: 'lower', 'higher' or '' when neither is better as such.
        meaning: one sentence.
        digits: after the decimal point.
    """

    name: str
    section: str
    label: str
    unit: str
    better: str
    meaning: str
    digits: int = 2


METRICS: tuple[Metric, ...] = (
    Metric("success", "navigation", "reached the goal", "yes or no", "higher",
           "the robot ends within 0.3 m of its last goal and said that it arrived", 0),
    Metric("timeout", "navigation", "time ran out", "yes or no", "lower",
           "the time was over before the robot had arrived and stayed, or had a goal at all", 0),
    Metric("time_to_goal", "navigation", "time to goal", "s", "lower",
           "from the start until the robot is at the last goal and stays", 1),
    Metric("path_length", "navigation", "path length", "m", "lower", "way driven"),
    Metric("spl", "navigation", "SPL", "", "higher",
           "success x shortest way / way driven (Anderson et al. 2018); 0 without success"),
    Metric("person_contacts", "navigation", "contacts with people", "", "lower",
           "times that the robot's disc touched a person's", 0),
    Metric("caused_contacts", "navigation", "of these, by the robot", "", "lower",
           "contacts in which the robot moved toward the person", 0),
    Metric("contacts_by_person", "navigation", "of these, by the person alone", "", "lower",
           "contacts in which only the person moved toward the other", 0),
    Metric("obstacle_contacts", "navigation", "contacts with walls or furniture", "", "lower",
           "times that the robot's disc touched an occupied cell", 0),
    Metric("wall_contacts", "navigation", "of these, with walls", "", "lower",
           "contacts at a place where no piece of furniture stands", 0),
    Metric("furniture_contacts", "navigation", "of these, with furniture", "", "lower",
           "contacts at a place where a piece of furniture stands", 0),
    Metric("stalled_time", "navigation", "time stalled", "s", "lower",
           "time under way without driving or turning", 1),
    Metric("oscillations", "navigation", "turn reversals", "", "lower",
           "changes between turning left and right faster than 0.1 rad/s", 0),
    Metric("mean_speed", "navigation", "mean speed", "m/s", "", "way driven / time"),
    Metric("maximum_speed", "navigation", "largest speed", "m/s", "", "from samples every 0.2 s"),
    Metric("mean_acceleration", "navigation", "mean acceleration", "m/s²", "lower",
           "mean modulus along and across the way, from samples every 0.2 s"),
    Metric("maximum_acceleration", "navigation", "largest acceleration", "m/s²", "lower",
           "along and across the way, from samples every 0.2 s"),
    Metric("mean_jerk", "navigation", "mean jerk", "m/s³", "lower",
           "mean change of the acceleration, from samples every 0.2 s"),
    Metric("minimum_distance", "social", "smallest distance to a person", "m", "higher",
           "between the centres of the robot and the closest person"),
    Metric("mean_distance", "social", "mean distance to the closest person", "m", "higher",
           "mean over time"),
    Metric("intimate_time", "social", "time in the intimate zone", "s", "lower",
           "closer than 0.45 m to a person (Hall 1966)", 1),
    Metric("personal_time", "social", "time in the personal zone", "s", "lower",
           "closer than 1.2 m, not closer than 0.45 m (Hall 1966)", 1),
    Metric("social_time", "social", "time in the social zone", "s", "",
           "closer than 3.6 m, not closer than 1.2 m (Hall 1966)", 1),
    Metric("group_time", "social", "time in a group's intimate zone", "s", "lower",
           "inside the hull of a group's members or closer than 0.45 m to it", 1),
    Metric("group_personal_time", "social", "time in a group's personal zone", "s", "lower",
           "closer than 1.2 m to that hull, not closer than 0.45 m", 1),
    Metric("group_social_time", "social", "time in a group's social zone", "s", "",
           "closer than 3.6 m to that hull, not closer than 1.2 m", 1),
    *(
        Metric(f"{who}{zone}_share", "social", f"share of time in {whose} {zone} zone", "", better,
               "time in the zone / duration of the run")
        for who, whose in (("", "the"), ("group_", "a group's"))
        for zone, better in (("intimate", "lower"), ("personal", "lower"), ("social", ""))
    ),
    Metric("o_space_intrusions", "social", "intrusions into an o-space", "", "lower",
           "times that the robot drove into the space that a group shares (Kendon 1990)", 0),
    Metric("o_space_time", "social", "time in an o-space", "s", "lower",
           "time in the space that a group shares", 1),
    Metric("minimum_time_to_collision", "social", "smallest time to collision", "s", "higher",
           "until a contact, had the robot and a person kept their velocity", 1),
    Metric("personal_cost_integral", "social", "personal-space cost", "s", "lower",
           "integral over time of the learned model at the robot's place, 1 at its peak", 4),
    Metric("personal_cost_mean", "social", "personal-space cost, mean", "", "lower",
           "mean over time of the same", 3),
    Metric("personal_cost_maximum", "social", "personal-space cost, largest", "", "lower",
           "largest value of the same"),
    Metric("kirby_cost_integral", "social", "Kirby's cost", "s", "lower",
           "integral over time of Kirby's asymmetric Gaussian (2010)", 3),
    Metric("kirby_cost_mean", "social", "Kirby's cost, mean", "", "lower",
           "mean over time of the same", 3),
    Metric("kirby_cost_maximum", "social", "Kirby's cost, largest", "", "lower",
           "largest value of the same"),
    Metric("social_work", "social", "social work", "m/s", "lower",
           "integral of the social forces between the robot and people"),
    Metric("heading_change", "social", "turning near people", "rad", "lower",
           "all turning, left or right, within 3.6 m of a person"),
    Metric("arrival_distance", "approach", "distance at arrival", "m", "",
           "to the person's centre, in a group the nearest one's"),
    Metric("arrival_bearing", "approach", "bearing at arrival", "°", "lower",
           "angle between that person's front and the robot, 0 straight in front", 0),
    Metric("facing_error", "approach", "facing error", "°", "lower",
           "angle between the robot's front and the person, or the middle of the group", 1),
    Metric("place_density", "approach", "density of the place", "", "higher",
           "interaction model there (mean over a group), as a share of its maximum"),
    Metric("time_in_front", "approach", "time in the front zone", "s", "",
           "within 60° of the person's front and 3.6 m", 1),
    Metric("seen_by_person", "approach", "visible to the person", "yes or no", "higher",
           "the robot stands in the person's field of view", 0),
    Metric("seen_by_robot", "approach", "person in the camera's view", "yes or no", "higher",
           "the camera would see the person at arrival", 0),
    Metric("regoals", "approach", "new goals", "", "", "how often the place was chosen again", 0),
    Metric("wrong_person", "approach", "wrong person", "yes or no", "lower",
           "the robot came up to someone outside the group; only where it came up to somebody", 0),
    Metric("unwanted_approach", "approach", "unwanted approach", "yes or no", "lower",
           "the robot came up to someone who is not interested", 0),
    Metric("not_interested_target", "approach", "sent to someone not interested", "yes or no",
           "lower", "who was to be approached was not interested when a goal was sent", 0),
)  # fmt: skip


def measure(
    run: RunRecord,
    proxemics: ProxemicsModel,
    interaction: InteractionModel,
    shortest: float = float("nan"),
) -> dict[str, float]:
    """All metrics of a run by name; NaN where one does not apply.

    Args:
        run: what happened.
        proxemics: model of the personal-space cost.
        interaction: model of the places where people stand to talk.
        shortest: length [m] of the shortest way to the goal, for SPL; NaN when not known.

    What takes a goal is NaN where nobody knows it, contacts with walls and furniture where the
    robot leaves the map.
    """
    values = dict.fromkeys((metric.name for metric in METRICS), float("nan"))
    values |= _navigation(run, shortest)
    if np.isfinite(run.people_in_map).any():
        values |= _social(run, proxemics)
    if run.task == "approach" and run.target_id:
        values |= _approach(run, interaction)
    return values


def under_way(run: RunRecord) -> np.ndarray:
    """Whether (t,) the robot is away from the goal that it was sent last at each time.

    A robot that was never sent a goal has its task before it all the time.
    """
    if not len(run.goal_times):
        return np.ones(len(run.times), dtype=bool)
    latest = np.searchsorted(run.goal_times, run.times, side="right") - 1
    goals = run.goals_in_map[np.maximum(latest, 0), :2]
    away = np.linalg.norm(run.robot_in_map[:, :2] - goals, axis=1) > navigation.GOAL_TOLERANCE
    return away & (latest >= 0)


def _navigation(run: RunRecord, shortest: float) -> dict[str, float]:
    track = (run.times, run.robot_in_map)
    driven = navigation.path_length(*track)
    has_goal = len(run.goals_in_map) > 0
    reached = bool(run.reached) and has_goal and navigation.success(*track, run.goal_in_map)
    contacts = _person_contacts(run)
    return {
        "success": np.nan if run.reached is None else float(reached),
        "timeout": _timeout(run, reached),
        "time_to_goal": _time_to_goal(run, reached),
        "path_length": driven,
        "spl": np.nan if run.reached is None else _spl(reached, shortest, driven),
        "person_contacts": float(len(contacts)),
        "caused_contacts": float(sum(contact.by in ("robot", "both") for contact in contacts)),
        "contacts_by_person": float(sum(contact.by == "person" for contact in contacts)),
        **_obstacle_contacts(run),
        "stalled_time": np.nan
        if run.reached is None
        else navigation.stalled_time(*track, under_way(run)),
        "oscillations": float(navigation.oscillations(*track)),
        "mean_speed": navigation.mean_speed(*track),
        "maximum_speed": navigation.maximum_speed(*track),
        "mean_acceleration": navigation.mean_acceleration(*track),
        "maximum_acceleration": navigation.maximum_acceleration(*track),
        "mean_jerk": navigation.mean_jerk(*track),
    }


def _time_to_goal(run: RunRecord, reached: bool) -> float:
    if run.reached is None:
        return float("nan")
    track = (run.times, run.robot_in_map)
    return navigation.time_to_goal(*track, run.goal_in_map) if reached else float("inf")


def off_the_map(run: RunRecord) -> np.ndarray:
    """Whether (t,) the robot is outside of the map at each time."""
    return ~run.grid.contains(*run.grid.cells_of(run.robot_in_map[:, :2]))


def _obstacle_contacts(run: RunRecord) -> dict[str, float]:
    if off_the_map(run).any():
        return {}
    contacts = collisions.obstacle_contacts(
        run.times,
        run.robot_in_map,
        run.grid,
        run.occupancy,
        furniture=run.furniture,
        robot_radius=run.robot_radius,
    )
    return {
        "obstacle_contacts": float(len(contacts)),
        "wall_contacts": float(sum(contact.other == "wall" for contact in contacts)),
        "furniture_contacts": float(sum(contact.other == "furniture" for contact in contacts)),
    }


def _timeout(run: RunRecord, reached: bool) -> float:
    """1 where the time limit passed before the robot had arrived; NaN without a limit."""
    if run.reached is None or not np.isfinite(run.time_limit):
        return float("nan")
    if not reached:
        return float(run.duration >= run.time_limit * (1.0 - 1e-9))
    track = (run.times, run.robot_in_map)
    return float(navigation.timeout(*track, run.goal_in_map, run.time_limit))


def _spl(reached: bool, shortest: float, driven: float) -> float:
    """SPL; NaN where the goal was reached and the way to it is not known, or has no length."""
    if not reached:
        return 0.0
    if not (np.isfinite(shortest) and shortest > 0.0):
        return float("nan")
    return navigation.success_weighted_path_length(reached, shortest, driven)


def _person_contacts(run: RunRecord) -> list[collisions.Contact]:
    if not np.isfinite(run.people_in_map).any():
        return []
    return collisions.person_contacts(
        run.times,
        run.robot_in_map,
        run.people_in_map,
        run.person_ids,
        robot_radius=run.robot_radius,
        person_radius=run.person_radius,
    )


def _social(run: RunRecord, proxemics: ProxemicsModel) -> dict[str, float]:
    track = (run.times, run.robot_in_map, run.people_in_map)
    zones = social.zone_shares(run.times, social.closest_distance(*track[1:]))
    to_group = social.group_distance(*track[1:], run.group_ids)
    group_zones = social.zone_shares(run.times, to_group)
    entries, inside = social.o_space_intrusions(*track, run.group_ids)
    learned = comfort.summary(run.times, comfort.learned_cost(*track, proxemics))
    kirby = comfort.summary(run.times, comfort.kirby_cost(*track))
    return {
        "minimum_distance": social.minimum_distance(*track),
        "mean_distance": social.mean_distance(*track),
        "intimate_time": zones["intimate"] * run.duration,
        "personal_time": zones["personal"] * run.duration,
        "social_time": zones["social"] * run.duration,
        "group_time": group_zones["intimate"] * run.duration,
        "group_personal_time": group_zones["personal"] * run.duration,
        "group_social_time": group_zones["social"] * run.duration,
        **{f"{zone}_share": zones[zone] for zone in social.ZONES},
        **{f"group_{zone}_share": group_zones[zone] for zone in social.ZONES},
        "o_space_intrusions": float(entries),
        "o_space_time": inside,
        "minimum_time_to_collision": social.minimum_time_to_collision(
            *track, run.robot_radius, run.person_radius
        ),
        "personal_cost_integral": learned.integral,
        "personal_cost_mean": learned.mean,
        "personal_cost_maximum": learned.maximum,
        "kirby_cost_integral": kirby.integral,
        "kirby_cost_mean": kirby.mean,
        "kirby_cost_maximum": kirby.maximum,
        "social_work": social.social_work(*track),
        "heading_change": social.heading_change_near_people(*track),
    }


def _approach(run: RunRecord, interaction: InteractionModel) -> dict[str, float]:
    robot, people = run.robot_in_map, run.people_in_map
    members = conversation(run)
    found = approach.approached(robot[-1], people[-1])
    if found is None and len(members) > 1:
        found = _who_is_met(robot[-1], people[-1, members], members)
    unwanted = found is not None and run.intents[-1, found] == Intent.NOT_INTERESTED
    values = {
        "time_in_front": _time_in_front(run),
        "regoals": np.nan if run.reached is None else float(max(len(run.goal_times) - 1, 0)),
        "wrong_person": float("nan") if found is None else float(found not in members),
        "unwanted_approach": float(unwanted),
        "not_interested_target": np.nan if run.reached is None else float(_was_not_interested(run)),
    }
    if not members:
        return values
    return values | _arrival(robot[-1], people[-1, members], run, interaction)


def _time_in_front(run: RunRecord) -> float:
    person = run.person(run.target_id)
    if np.isnan(person).all():
        return float("nan")
    return approach.time_in_front(run.times, run.robot_in_map, person)


def _was_not_interested(run: RunRecord) -> bool:
    """Whether the target did not want to talk at the time of any goal."""
    intents = run.intents[:, run.person_ids.index(run.target_id)]
    return any(
        intents[run.sample_at(time + 1e-9)] == Intent.NOT_INTERESTED for time in run.goal_times
    )


def conversation(run: RunRecord) -> list[int]:
    """Columns of the approached person and of the group, who are there at the end of a run."""
    target = run.person_ids.index(run.target_id)
    group = run.group_ids[-1, target]
    there = np.isfinite(run.people_in_map[-1]).all(-1)
    if not there[target]:
        return []
    return [
        i
        for i in range(len(run.person_ids))
        if i == target or (group and there[i] and run.group_ids[-1, i] == group)
    ]


def _who_is_met(robot: FloatArray, poses: FloatArray, members: list[int]) -> int | None:
    """The nearest member (m, 3) of a group whose middle the robot (3,) faces; None if it is not."""
    middle = np.array([*poses[:, :2].mean(axis=0), 0.0])
    if approach.approached(robot, middle[None], within=3.0) is None:
        return None
    return members[int(np.argmin(np.linalg.norm(poses[:, :2] - robot[:2], axis=1)))]


def _arrival(
    robot: FloatArray, people: FloatArray, run: RunRecord, interaction: InteractionModel
) -> dict[str, float]:
    """Arrival at the nearest of the people (m, 3) who talk; the robot should face their middle."""
    nearest = people[np.argmin(np.linalg.norm(people[:, :2] - robot[:2], axis=1))]
    where = approach.arrival(robot, nearest)
    middle = np.array([*people[:, :2].mean(axis=0), 0.0])
    room = (run.grid, run.occupancy)
    return {
        "arrival_distance": where.distance,
        "arrival_bearing": abs(float(np.rad2deg(where.bearing))),
        "facing_error": float(np.rad2deg(approach.arrival(robot, middle).facing_error)),
        "place_density": approach.place_density(robot, people, interaction),
        "seen_by_person": float(approach.seen_by_person(robot, nearest, *room)),
        "seen_by_robot": float(approach.seen_by_robot(robot, nearest, *room)),
    }

"""What the demonstration does, one run of a scene after another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """One run.

    Attributes:
        title: for the terminal.
        scene: name of a scene file.
        task: "avoid" drives to the scene's goal, "approach" walks up to whoever wants it.
        arm: what this run shows, for the report.
        social_costs: whether the navigator uses them.
        stay: how long to stay with a person who does not move [s].
        timeout: simulated time after which the run has failed [s].
        target: id of who is approached, "" for whoever most wants it.
    """

    title: str
    scene: str
    task: str
    arm: str
    social_costs: bool
    stay: float = 0.0
    timeout: float = 60.0
    target: str = ""

    @property
    def name(self) -> str:
        """For files."""
        return f"{self.task}_{self.arm}".replace(" ", "_")


JOBS = (
    Job("avoid a group, with the social costs", "circle", "avoid", "social costs", True),
    Job("the same without the social costs", "circle", "avoid", "no social costs", False),
    Job(
        "approach who waves",
        "wave",
        "approach",
        "social costs",
        True,
        stay=8.0,
        timeout=75.0,
    ),
)

"""The adapters, which the running suite does not need, each fed on its own, and what they do."""

from __future__ import annotations

import os
import time
from pathlib import Path

from social_nav_msgs.msg import SocialPersonArray
from social_nav_nodes import topics
from social_nav_nodes.demo.domain import ROOT
from social_nav_nodes.endurance.feeder import (
    OUTPUTS,
    STAND_INS,
    Feeder,
    own_output,
    people_type,
    pose_network,
)
from social_nav_nodes.endurance.outcomes import BACK, GIVE_UP, Check, OutcomeError, Outcomes, slack
from social_nav_nodes.endurance.stage import Stage

CALM = 3.5  # without a complaint all is well: one is told of for 2 s, and once a second [s]
QUIET = 2.0  # the longest silence of those who notice nothing; a kill may stall DDS for 1 s [s]


class Adapters(Stage):
    """All adapters and `health`, on the clock of the wall.

    Args:
        folder: for logs.
    """

    def __init__(self, folder: Path) -> None:
        paths = [str(STAND_INS)] if people_type() is SocialPersonArray else []
        paths += [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
        environment = {"PYTHONPATH": os.pathsep.join(paths)}
        super().__init__(folder, ("health", *OUTPUTS), environment)
        self._network = folder / "one_person.onnx"
        self._network.write_bytes(pose_network())
        self.feeder = Feeder(self.context)
        self.add(self.feeder)

    def start(self, node: str, wrapper: tuple[str, ...] = (), **parameters: object) -> None:
        """Start one node, with the parameters that it needs here."""
        own: dict[str, object] = {"use_sim_time": False}
        remappings: dict[str, str] = {}
        if node in OUTPUTS:
            self.feeder.forget(node)
            remappings = {name: f"{node}/{name}" for name in (topics.BODIES, topics.SOCIAL_PEOPLE)}
            remappings[OUTPUTS[node][0]] = own_output(node)
        if node == "body_tracker":
            own["weights"] = self._network
        if node == "gazebo_people":
            own["scene"] = ROOT / "worlds" / "scenes" / "single.yaml"
        self.processes.start(node, remappings, wrapper, **{**own, **parameters})


class AdapterBench(Outcomes):
    """The adapters, and what one of them and the others do."""

    def __init__(self, stage: Adapters) -> None:
        super().__init__(stage, stage.feeder)
        self.feeder = stage.feeder

    def ready(self) -> None:
        """Wait until all adapters work, and `health` knows each of them."""
        self.begin()

    def begin(self) -> None:
        """Wait until all has been well for a while, which is where a fault begins."""
        self.wait_for_health()
        if self.feeder.wait(lambda: not self._complaints(), GIVE_UP) is None:
            raise OutcomeError("; ".join(self._complaints()))

    def _complaints(self) -> list[str]:
        """Who has not been at work for a while without one."""
        since = time.monotonic() - CALM
        says = {adapter: self.feeder.report(adapter, "", since) for adapter in OUTPUTS}
        found = [f"{adapter} says: {said}" for adapter, said in says.items() if said is not None]
        heard = self.feeder.heard
        late = [name for name in OUTPUTS if not any(0.0 < at < since for at in heard[name])]
        mute = [name for name in OUTPUTS if heard[name][-1] < time.monotonic() - QUIET]
        found += [f"{name} has just begun" for name in late]
        return found + [f"{name} sees nobody" for name in mute]

    def undo(self) -> None:
        """End the fault, whatever came of it."""
        self.feeder.stop()

    def works(self, adapter: str) -> None:
        """It goes on by itself."""
        since = self.since
        happened = f"{adapter} sees somebody"
        self.expect(happened, lambda: self.feeder.heard[adapter][-1] > since, BACK)

    def others_go_on(self, adapter: str) -> None:
        """Each of the others has seen somebody since."""
        for other in sorted(OUTPUTS.keys() - {adapter}):
            self.works(other)

    def others_notice_nothing(self, adapter: str, since: float | None = None) -> None:
        """The other adapters have been at work, without a complaint, ever since `now` or a time."""
        since = self.since if since is None else since
        others = sorted(OUTPUTS.keys() - {adapter})
        for other in others:
            if (said := self.feeder.report(other, "", since)) is not None:
                raise OutcomeError(f"{other} says: {said}")
        silences = [self.feeder.longest_silence(other, since) for other in others]
        longest = max(silences)
        self.checks.append(Check("longest silence of another", longest, QUIET))
        if longest > QUIET * slack():
            name = others[silences.index(longest)]
            raise OutcomeError(f"{name} was silent for {longest:.1f} s, expected {QUIET:g} s")

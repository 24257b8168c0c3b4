"""What `config.yaml` says: data, networks, settings and seeds of the perception's benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from social_nav_core.perception.encounters.files import load_encounters
from social_nav_core.perception.encounters.generator import Encounters
from social_nav_core.perception.encounters.made import Order, make_file

HERE = Path(__file__).parent
WEIGHTS = HERE / "weights"


@dataclass(frozen=True)
class Row:
    """One kind of pose network: how it is trained, and in which epochs and steps.

    Attributes:
        name: in the tables.
        network: of `stages.POSE_NETWORKS`.
        taught: whether it learns from the teacher.
        unlabelled: whether it also sees the windows without labels.
        epochs, batch, rate: as in `training.FitSettings`.
        distil: differing from the defaults of `stages.DistillSettings`.
    """

    name: str
    network: str
    taught: bool
    unlabelled: bool
    epochs: int
    batch: int
    rate: float
    distil: dict[str, float]


@dataclass(frozen=True)
class Plan:
    """The whole benchmark."""

    data: dict[str, dict[str, Any]]
    seeds: tuple[int, ...]
    teacher: dict[str, Any]
    rows: tuple[Row, ...]

    def teacher_of(self, seed: int) -> int:
        """The seed of the teacher of the students of a seed."""
        return int(self.teacher["seeds"][self.seeds.index(seed)])

    def order(self, name: str) -> Order:
        """What made data of the plan are made of."""
        about = self.data[name]
        return Order(about["split"], about["count"], about.get("passing", 0), about["seed"])

    def encounters(self, name: str, folder: Path) -> Encounters:
        """Made data of the plan, from the folder's file where there is one."""
        order = self.order(name)
        path = folder / f"{name}_{order.count}_{order.passing}_{order.seed}.npz"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            make_file(path, order, partial(print, flush=True))
        return load_encounters(path)


def read_plan(path: Path = HERE / "config.yaml") -> Plan:
    """The benchmark's plan."""
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows = tuple(Row(name=name, **about) for name, about in values["rows"].items())
    return Plan(values["data"], tuple(values["seeds"]), values["teacher"], rows)


def weights_file(name: str, seed: int) -> Path:
    """Where the committed weights of a row and a seed are."""
    return WEIGHTS / f"{name.replace(',', '').replace(' ', '_')}_{seed}.npz"

"""Entry points of files: every reader, with files that are nearly good."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from social_nav_core.checksums import FIELD, digest_of, sealed
from social_nav_core.commands.export_student import _scores
from social_nav_core.evaluation.bag_run import read_run
from social_nav_core.evaluation.bands import BandError, load_bands
from social_nav_core.evaluation.batch import BatchError, Plan
from social_nav_core.evaluation.batch import _begin as begin_results
from social_nav_core.evaluation.record_file import load_run
from social_nav_core.evaluation.recorded_task import load_task
from social_nav_core.evaluation.run import RunRecordError
from social_nav_core.evaluation.suites import load_suite
from social_nav_core.evaluation.survey_answers import AnswerError, read_answers, read_key
from social_nav_core.perception.checkpoint_file import CheckpointError, read_checkpoint
from social_nav_core.perception.datasets.tracks import JPL_SOCIAL, TrackError, read_track
from social_nav_core.perception.encounters.files import load_encounters
from social_nav_core.perception.model_card import model_card
from social_nav_core.perception.student_file import StudentAbout, load_student
from social_nav_core.proxemics.model import ModelError, load_model
from social_nav_core.recordings.data import read_data
from social_nav_core.recordings.errors import DataError
from social_nav_core.sim.reading import SceneError
from social_nav_core.sim.room import load_room
from social_nav_core.sim.scene import load_scene
from social_nav_core.vision.estimator import EstimatorError
from social_nav_core.vision.tfjs import ConversionError

from fuzzing import models, mutation, networks, recordings, seeds
from fuzzing.choices import Choices

Errors = tuple[type[Exception], ...]
Make = Callable[[Choices], bytes]


@dataclasses.dataclass(frozen=True)
class FilePoint:
    """One reader.

    Attributes:
        name: of the entry point.
        suffix: of the file.
        make: a file's content from choices.
        read: the reader, with the file's path.
        errors: what the reader documents, beside OSError.
    """

    name: str
    suffix: str
    make: Make
    read: Callable[[Path], object]
    errors: Errors


def _yaml_file(*texts: bytes, seal: bool = False) -> Make:
    seeds_and_trees = [(text, yaml.safe_load(text)) for text in texts]

    def make(choices: Choices) -> bytes:
        seed, tree = seeds_and_trees[0] if len(texts) == 1 else choices.pick(seeds_and_trees)
        if choices.one_in(3):
            data = mutation.changed_bytes(choices, seed)
        else:
            data = mutation.as_yaml(mutation.changed_tree(choices, tree))
        return sealed(data) if seal and choices.one_in(2) else data

    return make


def _proxemics_file(shipped: bytes) -> Make:
    usual = _yaml_file(shipped, models.PAIR, seal=True)
    return lambda choices: models.crowded(choices) if choices.one_in(30) else usual(choices)


def _npz_file(seed: Path, seal: bool = False) -> Make:
    raw = seed.read_bytes()
    with np.load(seed, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}

    def make(choices: Choices) -> bytes:
        if choices.one_in(4):
            return mutation.changed_bytes(choices, raw)
        changed = mutation.changed_arrays(choices, arrays)
        if seal and choices.one_in(2):
            changed[FIELD] = np.str_(digest_of(changed))
        return mutation.as_npz(choices, changed)

    return make


def _table_file(seed: bytes) -> Make:
    def make(choices: Choices) -> bytes:
        change = mutation.changed_bytes if choices.one_in(3) else mutation.changed_table
        return change(choices, seed)

    return make


def _bytes_file(seed: bytes) -> Make:
    return lambda choices: mutation.changed_bytes(choices, seed)


def _package() -> Make:
    good = networks.Package().case

    def make(choices: Choices) -> bytes:
        if choices.one_in(4):
            return mutation.with_hostile_headers(choices, good(choices))
        return good(choices)

    return make


def file_points(folder: Path) -> list[FilePoint]:
    """All of them; seeds are written to a folder."""
    made = seeds.write(folder)
    worlds = seeds.WORLDS
    model = seeds.MODELS / "proxemics.yaml"
    key = read_key(made.key)
    scene_text = (worlds / "scenes" / "approach.yaml").read_bytes()
    suite_text = seeds.SUITE.encode()
    answers = partial(_read_answers, key=key)
    prior = load_model(model)
    packed = tuple(path.read_bytes() for path in (made.bag, made.packed_bag))
    bags = partial(recordings.mcap_case, seeds=packed)
    points = [
        FilePoint(
            "proxemics model",
            ".yaml",
            _proxemics_file(model.read_bytes()),
            models.proxemics,
            (ModelError,),
        ),
        FilePoint(
            "interaction model",
            ".npz",
            _npz_file(seeds.MODELS / "interaction.npz", True),
            models.interaction,
            (ModelError,),
        ),
        FilePoint(
            "personal counts",
            ".npz",
            _npz_file(made.counts, True),
            partial(models.counts, prior=prior),
            (ModelError, DataError),
        ),
        FilePoint(
            "room",
            ".yaml",
            _yaml_file((worlds / "room.yaml").read_bytes()),
            load_room,
            (SceneError,),
        ),
        FilePoint("scene", ".yaml", _yaml_file(scene_text), load_scene, (SceneError,)),
        FilePoint("suite", ".yaml", _yaml_file(suite_text), load_suite, (SceneError,)),
        FilePoint("bands", ".yaml", _yaml_file(seeds.BANDS.encode()), load_bands, (BandError,)),
        FilePoint("run record", ".npz", _npz_file(made.run), load_run, (RunRecordError,)),
        FilePoint(
            "results of a batch",
            ".jsonl",
            _bytes_file(made.results.read_bytes()),
            partial(_read_results, plan=made.plan),
            (BatchError,),
        ),
        FilePoint("encounters", ".npz", _npz_file(made.encounters), load_encounters, (DataError,)),
        FilePoint(
            "track",
            ".json",
            _json_file(seeds.TRACK),
            lambda p: read_track(p, JPL_SOCIAL),
            (TrackError,),
        ),
        FilePoint(
            "table of positions",
            ".csv",
            _table_file(seeds.POSITIONS.encode()),
            _read_data,
            (DataError,),
        ),
        FilePoint(
            "histogram", ".csv", _table_file(seeds.HISTOGRAM.encode()), _read_data, (DataError,)
        ),
        FilePoint(
            "trajectories",
            ".csv",
            _table_file(made.trajectories.read_bytes()),
            _read_data,
            (DataError,),
        ),
        FilePoint("recording of people", ".mcap", bags, _read_data, (DataError,)),
        FilePoint(
            "recording of a run",
            ".mcap",
            bags,
            lambda p: read_run(p, "avoid"),
            (DataError, RunRecordError),
        ),
        FilePoint(
            "recording in a database",
            ".db3",
            partial(recordings.database_case, seed=made.database.read_bytes()),
            _read_data,
            (DataError,),
        ),
        FilePoint(
            "metadata of a recording",
            ".yaml",
            _yaml_file(*recordings.metadata((made.bag.parent / "metadata.yaml").read_bytes())),
            partial(recordings.read_folder, good=made.bag.parent),
            (DataError,),
        ),
        FilePoint(
            "recorded task", ".yaml", _yaml_file(seeds.TASK.encode()), load_task, (DataError,)
        ),
        FilePoint(
            "student",
            ".onnx",
            partial(networks.student_case, seed=(seeds.MODELS / "student.onnx").read_bytes()),
            load_student,
            (ModelError,),
        ),
        FilePoint(
            "pose network",
            ".onnx",
            partial(networks.network_case, seed=networks.pose_network()),
            networks.estimate,
            (EstimatorError,),
        ),
        FilePoint(
            "package of a pose network",
            ".tgz",
            _package(),
            networks.convert,
            (ConversionError,),
        ),
        FilePoint(
            "checkpoint",
            ".npz",
            _npz_file(networks.checkpoint(folder / "checkpoint.npz"), seal=True),
            read_checkpoint,
            (CheckpointError,),
        ),
        FilePoint("part of a computation", ".npz", _npz_file(made.part), _read_part, ()),
        FilePoint(
            "scores of a student", ".txt", _bytes_file(seeds.SCORES), _read_scores, (ModelError,)
        ),
        FilePoint(
            "key of a survey", ".csv", _table_file(made.key.read_bytes()), read_key, (AnswerError,)
        ),
        FilePoint(
            "answers of a survey",
            ".csv",
            _table_file(seeds.answers(key).encode()),
            answers,
            (AnswerError,),
        ),
    ]
    for needed in ("room.yaml", "corridor.yaml"):
        shutil.copy(worlds / needed, folder)
    shutil.copytree(worlds / "scenes", folder / "scenes", dirs_exist_ok=True)
    return points


def _json_file(seed: Any) -> Make:
    def make(choices: Choices) -> bytes:
        tree = mutation.changed_tree(choices, seed)
        data = mutation.as_yaml(tree)
        return mutation.changed_bytes(choices, data) if choices.one_in(3) else data

    return make


def _read_data(path: Path) -> object:
    return read_data([path])


def _read_part(path: Path) -> object:
    """As a computation of these windows would, which makes anew what it cannot use."""
    parts = seeds.parts(path.with_name("answers.npz"))
    (windows,) = parts.ranges
    shutil.copy(path, parts.file(windows))
    made = parts.computed(seeds.part_of, seeds.is_part, lambda line: None)
    if {name: values.shape for name, values in made.items()} != seeds.PART_SHAPES:
        raise AssertionError(f"arrays of {sorted(made)}")
    return made


def _read_scores(path: Path) -> str:
    """Into the card of a student."""
    return model_card("student.onnx", _student(), _scores(path))


@cache
def _student() -> StudentAbout:
    return load_student(seeds.MODELS / "student.onnx").about


def _read_answers(path: Path, key: dict[str, str]) -> object:
    return read_answers([path], key)


def _read_results(path: Path, plan: Plan) -> object:
    return begin_results(path, plan, _suite(plan.suite))


_suite = cache(load_suite)


def file_case(point: FilePoint, folder: Path, data: bytes) -> None:
    """Write one file and read it."""
    inner = folder / "scenes" if point.name == "scene" else folder
    path = inner / f"case{point.suffix}"
    path.write_bytes(point.make(Choices(data)))
    point.read(path)

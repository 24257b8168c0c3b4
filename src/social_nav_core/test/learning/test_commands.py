"""The command line: what it writes and prints, and what it does with bad input."""

from __future__ import annotations

import json
import pkgutil
from pathlib import Path

import numpy as np
import pytest
from social_nav_core.__main__ import build_parser, main
from social_nav_core.interaction.kde import load_interaction_model, shipped_interaction_model
from social_nav_core.proxemics.model import load_model, shipped_model
from social_nav_core.recordings.bag import read_bag
from social_nav_core.recordings.congreg8 import read_congreg8
from social_nav_core.recordings.trajectories import meeting_positions
from social_nav_core.recordings.writers import write_bag, write_congreg8
from social_nav_core.sim.joinings import simulate_joining

from social_nav_core import commands


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of three simulated joinings, as CSV."""
    folder = tmp_path_factory.mktemp("joinings") / "csv"
    arguments = ["simulate-joinings", "--trials", "3", "--format", "csv", "--out", str(folder)]
    assert main(arguments) == 0
    return folder


def table(path: Path, points: np.ndarray) -> Path:
    np.savetxt(path, points, delimiter=",", header="forward_m,left_m", comments="")
    return path


def walkers(n: int = 3000) -> np.ndarray:
    rng = np.random.default_rng(0)
    points = rng.uniform(-1.0, 1.0, size=(3 * n, 2))
    free = ((points[:, 0] - 0.2) / 0.6) ** 2 + (points[:, 1] / 0.4) ** 2 > 1.0
    return points[free][:n]


def test_fit_proxemics_writes_a_model_that_loads(tmp_path: Path) -> None:
    data, out = table(tmp_path / "walk.csv", walkers()), tmp_path / "model.yaml"
    arguments = ["fit-proxemics", str(data), "--out", str(out), "--bootstrap", "20", "--draws", "2"]
    assert main([*arguments, "--seed", "3", "--provenance", "a lab"]) == 0
    model = load_model(out)
    assert "a lab" in model.provenance
    assert set(model.intervals) >= {"mu_forward", "sigma_left", "lambda_left"}
    first = out.read_text()
    assert main([*arguments, "--seed", "3", "--provenance", "a lab"]) == 0
    assert out.read_text() == first
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.yaml", "walk.csv"]


def test_fit_interaction_of_recordings(recordings: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.npz"
    files = [str(path) for path in sorted(recordings.iterdir())]
    assert main(["fit-interaction", *files, "--out", str(out), "--kernels", "20"]) == 0
    model = load_interaction_model(out)
    assert len(model.weights) <= 20
    assert model.modes()[0, 0] > 0.3


@pytest.mark.parametrize(
    ("arguments", "farthest", "message"),
    [
        (["--bandwidth", "0.001"], 1.0, "bandwidth is 0.001 m, expected 0.01 to 5 m"),
        (["--bandwidth", "9"], 1.0, "bandwidth is 9 m, expected 0.01 to 5 m"),
        ([], 45.0, "centers reach 45 m from the person, expected at most 20 m"),
    ],
)
def test_fit_interaction_writes_no_model_that_cannot_be_loaded(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    farthest: float,
    message: str,
) -> None:
    points = np.random.default_rng(0).normal(size=(100, 2)) * 0.2
    points[0, 0] = farthest
    data, out = table(tmp_path / "stand.csv", points), tmp_path / "model.npz"
    assert main(["fit-interaction", str(data), "--out", str(out), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and "stand.csv" in error and error.count("\n") == 1
    assert not out.exists()


def test_score_prints_one_json_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = shipped_interaction_model().sample(400, np.random.default_rng(0))
    data = table(tmp_path / "stand.csv", points)
    assert main(["score", "interaction", str(data)]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = shipped_interaction_model().score_samples(points).mean()
    assert found["n"] == 400
    assert found["mean_log_likelihood"] == pytest.approx(expected, abs=1e-4)
    assert found["auc"] > 0.9


def test_score_of_a_proxemics_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = walkers(20000)
    data = table(tmp_path / "walk.csv", points)
    for name in ("proxemics", "kirby", "hall"):
        assert main(["score", name, str(data)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["n"] == 20000
    expected = shipped_model().score_samples(points).mean()
    assert lines[0]["mean_log_likelihood"] == pytest.approx(expected, abs=1e-4)
    assert lines[0]["auc"] > 0.85
    assert lines[2]["mean_log_likelihood"] is not None


def test_plot_writes_a_picture(tmp_path: Path) -> None:
    out = tmp_path / "picture.png"
    assert main(["plot", "proxemics", "interaction", "hall", "--out", str(out)]) == 0
    assert out.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_update_moves_the_prior_and_remembers(tmp_path: Path) -> None:
    data, out = table(tmp_path / "walk.csv", walkers()), tmp_path / "ana.yaml"
    counts = tmp_path / "ana.npz"
    arguments = ["update-proxemics", "proxemics", str(data), "--out", str(out)]
    assert main([*arguments, "--counts", str(counts)]) == 0
    first = load_model(out)
    assert not np.allclose(first.mean, shipped_model().mean)
    assert main([*arguments, "--counts", str(counts)]) == 0
    assert int(load_model(out).provenance.split()[0]) > int(first.provenance.split()[0])


def test_export_baseline(tmp_path: Path) -> None:
    out = tmp_path / "kirby.yaml"
    arguments = ["export-baseline", "kirby", "--out", str(out), "--speed", "0.5"]
    assert main([*arguments, "--components", "2"]) == 0
    assert "front=1.0" in load_model(out).provenance


@pytest.mark.parametrize("speed", ["nan", "inf", "-1", "1e300", "fast"])
def test_export_baseline_of_nobody_who_walks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], speed: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["export-baseline", "kirby", "--out", str(tmp_path / "k.yaml"), f"--speed={speed}"])
    assert f"'{speed}', expected 0 to 3 m/s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("forward_m,left_m\n0.1,abc\n", "row 2, column left_m: 'abc', expected a number"),
        ("forward_m,left_m\n0.1,0.2\n", "1 positions within 1 m, expected 30 or more"),
        ("forward_m,forward_m,left_m\n0,1,2\n", "row 1: column forward_m is there 2 times"),
        ("alpha\n1\n", "row 1: columns alpha; expected forward_m, left_m"),
    ],
)
def test_bad_data_give_one_line_and_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    data, out = tmp_path / "data.csv", tmp_path / "model.yaml"
    data.write_text(text)
    assert main(["fit-proxemics", str(data), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert message in error and "data.csv" in error
    assert error.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit-proxemics", "x.csv", "--out", "/nowhere/at/all/model.yaml"],
        ["fit-proxemics", "x.csv", "--out", "m.yaml", "--seed", "-1"],
        ["fit-proxemics", "x.csv", "--out", "m.yaml", "--method", "guess"],
        ["fit-proxemics", "x.csv", "--out", "m.yaml", "--bootstrap", "1"],
        ["fit-proxemics", "x.csv", "--out", "m.yaml", "--bootstrap", "19"],
        ["paper", "--bootstrap", "1"],
        ["fit-interaction", "x.csv", "--out", "m.npz", "--bandwidth", "0"],
        ["fit-interaction", "x.csv", "--out", "m.npz", "--kernels", "0"],
        ["fit-interaction", "x.csv", "--out", "m.npz", "--kernels", "2001"],
        ["plot", "proxemics"],
        [],
    ],
)
def test_bad_arguments_are_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "error" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nothing", "missing.yaml", "missing.npz"])
def test_a_model_that_is_not_there_is_named(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = table(tmp_path / "walk.csv", walkers(50))
    assert main(["score", name, str(data)]) == 2
    assert name in capsys.readouterr().err


@pytest.mark.parametrize(
    ("header", "cells", "message"),
    [
        ("forward_m,left_m", "1.0,0.2", "one trial only as all positions are the same"),
        ("forward_m,left_m,trial", "1.0,0.2,7", "one trial only as all positions are the same"),
    ],
)
def test_a_bandwidth_that_data_cannot_tell_gives_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], header: str, cells: str, message: str
) -> None:
    data, out = tmp_path / "same.csv", tmp_path / "model.npz"
    data.write_text("\n".join([header, *[cells] * 50]) + "\n")
    assert main(["fit-interaction", str(data), "--out", str(out), "--bandwidth", "auto"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: same.csv: --bandwidth auto: " + message)
    assert error.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["fit-proxemics", "DATA", "--out", "DATA"],
        ["fit-proxemics", "DATA", "--out", "LINK"],
        ["fit-interaction", "DATA", "--out", "DATA"],
        ["update-proxemics", "proxemics", "DATA", "--out", "DATA"],
        ["update-proxemics", "proxemics", "DATA", "--out", "new.yaml", "--counts", "DATA"],
        ["plot", "DATA", "--out", "DATA"],
    ],
)
def test_data_are_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    data = table(tmp_path / "walk.csv", walkers(100))
    (tmp_path / "link.csv").hardlink_to(data)
    places = {"DATA": data, "LINK": tmp_path / "link.csv", "new.yaml": tmp_path / "new.yaml"}
    before = data.read_bytes()
    assert main([str(places.get(word, word)) for word in words]) == 2
    error = capsys.readouterr().err
    assert f"would overwrite {data}, expected another file" in error
    assert error.count("\n") == 1
    assert data.read_bytes() == before
    assert not (tmp_path / "new.yaml").exists()


def test_nothing_is_written_into_a_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = tmp_path / "bag"
    bag.mkdir()
    assert main(["fit-proxemics", str(bag), "--out", str(bag / "metadata.yaml")]) == 2
    assert f"would overwrite {bag}" in capsys.readouterr().err


def test_an_interrupted_fit_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("social_nav_core.commands.fit_proxemics.learn_proxemics", interrupted)
    data, out = table(tmp_path / "walk.csv", walkers(200)), tmp_path / "model.yaml"
    assert main(["fit-proxemics", str(data), "--out", str(out)]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["walk.csv"]
    assert "interrupted" in capsys.readouterr().err


def test_every_command_has_a_summary_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("fit-proxemics", "fit-interaction", "score", "plot"):
        with pytest.raises(SystemExit) as caught:
            build_parser().parse_args([name, "--help"])
        assert caught.value.code == 0
    assert "DATA is one of" in capsys.readouterr().out


@pytest.mark.parametrize(
    "module", list(pkgutil.iter_modules(commands.__path__)), ids=lambda m: m.name
)
def test_the_help_of_every_command_is_what_was_written(
    module: pkgutil.ModuleInfo, capsys: pytest.CaptureFixture[str]
) -> None:
    """Argparse expands a per cent sign in the help of an argument, and leaves it in all else."""
    name = module.name.replace("_", "-")
    with pytest.raises(SystemExit) as caught:
        build_parser(name).parse_args([name, "--help"])
    assert caught.value.code == 0
    assert "%%" not in capsys.readouterr().out


def test_a_simulated_joining_is_the_same_in_both_formats(tmp_path: Path) -> None:
    trajectories = simulate_joining(5)
    write_congreg8(tmp_path / "t.csv", trajectories)
    csv_poses = read_congreg8(tmp_path / "t.csv").poses
    np.testing.assert_allclose(csv_poses, trajectories.poses, atol=2e-5)
    expected = meeting_positions([trajectories]).points
    assert len(expected) == 12
    assert np.hypot(*expected.T).min() > 0.3 and np.hypot(*expected.T).max() < 2.2
    pytest.importorskip("rosbags", reason="recordings need the package rosbags")
    write_bag(tmp_path / "bag", trajectories)
    for path in (tmp_path / "bag", tmp_path / "bag" / "bag.mcap"):
        found = read_bag(path)
        assert found.ids == trajectories.ids
        np.testing.assert_allclose(found.poses, trajectories.poses, atol=1e-9)
        np.testing.assert_array_equal(found.groups, trajectories.groups)
        np.testing.assert_allclose(meeting_positions([found]).points, expected)


def test_a_recording_around_the_robot_needs_its_frame(tmp_path: Path) -> None:
    pytest.importorskip("rosbags", reason="recordings need the package rosbags")
    trajectories = simulate_joining(5)
    write_bag(tmp_path / "map", trajectories)
    write_bag(tmp_path / "base", trajectories, frame="base_link")
    data = [str(tmp_path / "map"), "--out", str(tmp_path / "m.npz"), "--around-robot"]
    assert main(["fit-interaction", *data]) == 2
    found = read_bag(tmp_path / "base", around_robot=True)
    assert found.ids[-1] == "robot"
    assert np.isnan(found.poses[:, :-1, 2]).all()
    np.testing.assert_array_equal(found.poses[:, -1], 0.0)


@pytest.mark.parametrize("content", [b"", b"\x89MCAP0\r\nbroken", b"nothing of the kind" * 20])
def test_a_broken_recording_is_named(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("rosbags", reason="recordings need the package rosbags")
    path = tmp_path / "broken.mcap"
    path.write_bytes(content)
    assert main(["score", "proxemics", str(path)]) == 2
    assert "broken.mcap" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    [
        ["make-encounters", "--count", "2", "--image", "0", "--out", "a\0.npz"],
        ["simulate-joinings", "--trials", "1", "--out", "a\0"],
        ["survey", "--out", "\0"],
    ],
    ids=lambda line: line[0],
)
def test_a_zero_character_is_refused(
    line: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(line) == 2
    said = capsys.readouterr().err
    assert said == "error: an argument has a zero character, which no file's name has\n"
    assert not [*tmp_path.iterdir()]

"""The report: one page that needs nothing else, and says what the runs say."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from social_nav_core.evaluation import wording
from social_nav_core.evaluation.animation import scenario
from social_nav_core.evaluation.metrics.table import METRICS, measure
from social_nav_core.evaluation.report import write_report
from social_nav_core.evaluation.run import RunRecord, RunRecordError
from social_nav_core.interaction.kde import shipped_interaction_model
from social_nav_core.proxemics.model import shipped_model

VOID = {"meta", "img", "input", "link", "br"}


class Page(HTMLParser):
    """The elements of a page, its data and the tags that were left open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.data: list[dict] = []
        self.words = ""
        self.open: list[str] = []
        self._json = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {key: value or "" for key, value in attrs}
        self.elements.append((tag, about))
        self._json = about.get("type") == "application/json"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._json:
            self.data.append(json.loads(data))
        elif not self.open or self.open[-1] not in ("script", "style"):
            self.words += data
        self._json = False

    def all(self, tag: str) -> list[dict[str, str]]:
        """Attributes of all elements of a kind."""
        return [about for name, about in self.elements if name == tag]


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    avoid_with: RunRecord,
    avoid_without: RunRecord,
    approach: RunRecord,
) -> Path:
    """A report of three runs."""
    out = tmp_path_factory.mktemp("report")
    write_report(
        out / "new",
        [avoid_with, avoid_without, approach],
        title="A <test> & more",
        facts={"Simulator": "none"},
        notes=["Labels are the simulator's own."],
    )
    return out / "new"


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    """The page as text."""
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    """The page, parsed."""
    return Page(text)


def test_the_page_is_well_formed_and_has_no_place_left_to_fill(page: Page, text: str) -> None:
    assert page.open == []
    assert not re.search(r"\$[a-z]+\b(?!\{)", re.sub(r"<script.*?</script>", "", text, flags=re.S))
    assert "A <test>" not in text
    assert "A &lt;test&gt; &amp; more" in text


def test_the_page_loads_nothing(page: Page, text: str) -> None:
    assert not re.search(r"(https?:)?//[a-z0-9]+\.[a-z]", re.sub(r"base64,[^\"]*", "", text))
    for _, about in page.elements:
        for key in ("src", "href"):
            assert about.get(key, "data:").startswith("data:")
    assert "url(" not in text
    assert "@import" not in text


def decoded(uri: str) -> np.ndarray:
    """Pixels of a picture in a data address."""
    head, body = uri.split(",", 1)
    assert head == "data:image/png;base64"
    return np.asarray(matplotlib.image.imread(io.BytesIO(base64.b64decode(body))))


def test_every_picture_can_be_read_and_is_described(page: Page, folder: Path) -> None:
    shown = page.all("img")
    assert len(shown) == 8
    for about in shown:
        assert len(about["alt"]) > 20
        assert min(decoded(about["src"]).shape[:2]) > 300
    beside = {path.stem for path in folder.glob("*.png")}
    assert len(beside) == 8
    assert {"avoid_circle_of_three_comparison", "approach_one_interested_person_place"} <= beside


def test_every_canvas_and_control_has_a_name(page: Page) -> None:
    for about in page.all("canvas"):
        assert about["role"] == "img"
        assert len(about["aria-label"]) > 10
    for about in page.all("input") + page.all("select"):
        assert about["aria-label"]


def test_the_animations_data_are_the_runs(
    page: Page, avoid_with: RunRecord, avoid_without: RunRecord, approach: RunRecord
) -> None:
    avoid, talk = page.data
    assert avoid == json.loads(json.dumps(scenario([avoid_with, avoid_without], shipped_model())))
    assert [run["arm"] for run in avoid["runs"]] == ["social costs", "no social costs"]
    robot = np.array(avoid["runs"][0]["robot"])
    np.testing.assert_allclose(robot, avoid_with.robot_in_map, atol=6e-4)
    assert avoid["duration"] == pytest.approx(avoid_with.duration)
    person = talk["runs"][0]["people"][0]
    np.testing.assert_allclose(person["poses"], approach.person("person_a"), atol=6e-4)
    assert person["labels"] == [{"t": 0.0, "text": "interested", "colour": "#00755e"}]
    assert len(talk["runs"][0]["goals"]) == 2
    assert talk["runs"][0]["views"][0]["bodies"][0]["name"] == "person a"


def test_cost_pictures_change_only_when_the_costs_do(page: Page, approach: RunRecord) -> None:
    avoid, talk = page.data
    assert len(avoid["runs"][0]["costs"]) == 1
    frames = talk["runs"][0]["costs"]
    assert 3 < len(frames) < len(approach.cost_times)
    assert [frame["t"] for frame in frames] == sorted(frame["t"] for frame in frames)
    picture = decoded(frames[0]["picture"])
    assert picture.shape[:2] == approach.grid.shape
    cost = approach.costs[0][::-1]
    assert picture[cost < 0.01, 3].max() == 0.0
    assert picture[cost > 0.95, 3].min() > 0.85
    assert decoded(talk["runs"][0]["room"]["picture"]).shape[1] == 1305


def test_absent_people_are_null_in_the_data(approach: RunRecord) -> None:
    poses = approach.people_in_map.copy()
    poses[:5, 1] = np.nan
    data = scenario([approach.changed(people_in_map=poses)], shipped_model())
    assert data["runs"][0]["people"][1]["poses"][:6].count(None) == 5
    json.dumps(data, allow_nan=False)


def test_dense_samples_are_thinned_but_keep_both_ends(avoid_with: RunRecord) -> None:
    run = avoid_with.changed(times=avoid_with.times / 10.0)
    data = scenario([run], shipped_model())["runs"][0]
    assert len(data["times"]) <= math.ceil(run.duration / 0.1) + 2
    assert data["times"][-1] == pytest.approx(run.times[-1], abs=1e-3)
    assert len(data["robot"]) == len(data["cost"]) == len(data["times"])


def test_the_headline_says_what_happened(page: Page) -> None:
    assert "the robot cuts through the group's shared space for" in page.words
    assert "The first way is 0.9 m (9%) longer." in page.words
    assert "The robot reached person a: 1.00 m away, 0° off the person's front" in page.words
    assert "Labels are the simulator's own." in page.words
    assert page.words.count("reached its goal.") == 2


def test_an_approach_that_never_chose_a_place_is_reported(
    tmp_path: Path, approach: RunRecord
) -> None:
    nowhere = approach.changed(reached=False, goal_times=np.zeros(0), goals_in_map=np.zeros((0, 3)))
    words = Page(write_report(tmp_path, [nowhere]).read_text(encoding="utf-8")).words
    assert "The robot did not arrive at person a." in words
    assert list(tmp_path.glob("*_place.png"))


def test_a_failed_run_is_said_to_have_failed(tmp_path: Path, approach: RunRecord) -> None:
    failed = approach.changed(reached=False)
    words = Page(write_report(tmp_path, [failed]).read_text(encoding="utf-8")).words
    assert "did not reach its goal" in words
    assert "The robot did not arrive at person a." in words
    assert "✓" not in words


def test_a_run_without_people_goals_and_costs_can_be_reported(
    tmp_path: Path, avoid_with: RunRecord
) -> None:
    t = len(avoid_with.times)
    empty = avoid_with.changed(
        person_ids=(),
        people_in_map=np.zeros((t, 0, 3)),
        **{name: np.zeros((t, 0), np.int8) for name in ("intents", "attitudes", "actions")},
        group_ids=np.zeros((t, 0), np.str_),
        goal_times=np.zeros(0),
        goals_in_map=np.zeros((0, 3)),
        path_times=np.zeros(0),
        paths_in_map=(),
        cost_times=np.zeros(0),
        costs=np.zeros((0, *avoid_with.grid.shape)),
        events=(),
    )
    words = Page(write_report(tmp_path, [empty]).read_text(encoding="utf-8")).words
    assert "meets nobody" in words


def test_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunRecordError, match="no run to report"):
        write_report(tmp_path, [])


def test_the_csv_has_every_metric_of_every_run(folder: Path, avoid_with: RunRecord) -> None:
    with (folder / "metrics.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * len(METRICS)
    values = measure(avoid_with, shipped_model(), shipped_interaction_model())
    for row, metric in zip(rows, METRICS, strict=False):
        assert (row["metric"], row["unit"]) == (metric.name, metric.unit)
        assert float(row["value"]) == pytest.approx(values[metric.name], rel=1e-4, nan_ok=True)


def test_numbers_and_the_better_of_two() -> None:
    by_name = {metric.name: metric for metric in METRICS}
    assert wording.number(by_name["success"], 1.0) == "yes"
    assert wording.number(by_name["minimum_time_to_collision"], math.inf) == "never"
    assert wording.number(by_name["path_length"], 10.556) == "10.56"
    assert wording.number(by_name["spl"], math.nan) == "–"
    assert wording.best(by_name["path_length"], [10.0, 9.0, 9.001]) == [False, True, True]
    assert wording.best(by_name["minimum_distance"], [1.2, 0.4]) == [True, False]
    assert wording.best(by_name["minimum_distance"], [1.2, 1.2001]) == [False, False]
    assert wording.best(by_name["mean_speed"], [1.0, 2.0]) == [False, False]

"""What people answered: scales with and without the social costs, tests, agreement, preferences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import stats

from social_nav_core.evaluation.arms import NO_LAYER, OURS
from social_nav_core.evaluation.statistics import (
    Difference,
    mean_and_deviation,
    paired_difference,
)
from social_nav_core.evaluation.survey import ITEMS, SCALES
from social_nav_core.geometry import FloatArray
from social_nav_core.input_files import shown
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.table import csv_rows

COLUMNS = ("participant", "position", "pair", "clip", "item", "value")
PREFERENCE = "preference"


class AnswerError(ValueError):
    """A file of answers cannot be used; the message names file, line and what was expected."""


@dataclass(frozen=True)
class Answers:
    """Ratings (participants, clips, items) 1 to 5, NaN where missing, and preferences.

    Attributes:
        preferred: for each participant the arm that was chosen in each pair, or "none".
    """

    participants: tuple[str, ...]
    clips: tuple[str, ...]
    arms: tuple[str, ...]
    ratings: FloatArray
    preferred: tuple[tuple[str, ...], ...]

    def complete(self) -> Answers:
        """Those of the participants who rated every item of every clip."""
        chosen = np.flatnonzero(np.isfinite(self.ratings).all(axis=(1, 2)))
        return replace(
            self,
            participants=tuple(self.participants[i] for i in chosen),
            ratings=self.ratings[chosen],
            preferred=tuple(self.preferred[i] for i in chosen),
        )

    def missing(self) -> list[str]:
        """Who is not among `complete` and why, a text for each."""
        told = []
        for name, gaps in zip(self.participants, np.isnan(self.ratings), strict=True):
            if gaps.any():
                clip, item = np.argwhere(gaps)[0]
                told.append(
                    f"{name} ({gaps.sum()} of {gaps.size} ratings are missing, the first is "
                    f"'{ITEMS[item].name}' of {self.clips[clip]})"
                )
        return told

    def scale(self, name: str) -> FloatArray:
        """Means (participants, clips) of a scale's items."""
        columns = [i for i, item in enumerate(ITEMS) if item.scale == name]
        return np.asarray(self.ratings[:, :, columns].mean(axis=2))


@dataclass(frozen=True)
class ScaleResult:
    """One scale.

    Attributes:
        name: of the scale.
        ours, none: mean and standard deviation over participants, with and without the costs.
        difference: paired over participants.
        p_value: of Wilcoxon's signed-rank test, two-sided; NaN with no difference at all.
        alpha: Cronbach's, of the items over all ratings.
        agreement: of the participants over the clips, ICC(2,1) of Shrout and Fleiss (1979).
    """

    name: str
    ours: tuple[float, float]
    none: tuple[float, float]
    difference: Difference
    p_value: float
    alpha: float
    agreement: float


def read_key(path: Path) -> dict[str, str]:
    """Arm of each clip."""
    header, rows = _table(path)
    if not {"clip", "arm"} <= set(header):
        raise AnswerError(f"{path}: columns are {shown(header)}, expected clip and arm")
    return {row["clip"]: row["arm"] for row in rows}


def read_answers(paths: Sequence[Path], key: Mapping[str, str]) -> Answers:
    """Answers of several people; the same participant may not come twice."""
    rows = [row for path in paths for row in _rows(path, key)]
    participants = tuple(dict.fromkeys(row["participant"] for row in rows))
    sources: dict[str, str] = {}
    for row in rows:
        if sources.setdefault(row["participant"], row["file"]) != row["file"]:
            both = f"{sources[row['participant']]} and {row['file']}"
            raise AnswerError(f"participant '{row['participant']}' is in {both}, expected one file")
    clips, items = tuple(sorted(key)), [item.name for item in ITEMS]
    ratings = np.full((len(participants), len(clips), len(items)), np.nan)
    for row in rows:
        if row["item"] != PREFERENCE:
            who, what = participants.index(row["participant"]), clips.index(row["clip"])
            ratings[who, what, items.index(row["item"])] = int(row["value"])
    preferred = tuple(
        tuple(
            key.get(row["value"], "none")
            for row in rows
            if row["item"] == PREFERENCE and row["participant"] == participant
        )
        for participant in participants
    )
    return Answers(participants, clips, tuple(key[clip] for clip in clips), ratings, preferred)


def _rows(path: Path, key: Mapping[str, str]) -> list[dict[str, str]]:
    header, table = _table(path)
    if tuple(header) != COLUMNS:
        wanted = ", ".join(COLUMNS)
        raise AnswerError(f"{path}: columns are {shown(header)}, expected {wanted}")
    rows = [{**row, "file": str(path)} for row in table]
    names = {item.name for item in ITEMS}
    for number, row in enumerate(rows, start=2):
        if row["item"] == PREFERENCE:
            good = row["value"] == "none" or row["value"] in key
        else:
            good = row["item"] in names and row["clip"] in key and row["value"] in "12345"
            good = good and len(row["value"]) == 1
        if not good:
            raise AnswerError(
                f"{path}, line {number}: {shown(row['clip'])}, {shown(row['item'])},"
                f" {shown(row['value'])}, expected a clip of the key, an item of the survey and"
                " 1 to 5"
            )
    return rows


def _table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Names of the columns, and the rows by them."""
    try:
        lines = [(line, row) for line, row in csv_rows(path) if row]
    except DataError as error:
        raise AnswerError(str(error)) from error
    header = lines[0][1] if lines else []
    for name, times in Counter(header).most_common(1):
        if times > 1:
            raise AnswerError(f"{path}: column {shown(name)} is there {times} times")
    for line, row in lines[1:]:
        if len(row) != len(header):
            raise AnswerError(f"{path}, line {line}: {len(row)} cells, expected {len(header)}")
    return header, [dict(zip(header, row, strict=True)) for _, row in lines[1:]]


def analyse(answers: Answers, rng: np.random.Generator) -> list[ScaleResult]:
    """All scales, over the participants who rated everything.

    Raises:
        AnswerError: fewer than two of them, or the key has no clips with or without the costs.
    """
    if len(answers.participants) < 2:
        raise AnswerError(f"{len(answers.participants)} participants, expected at least 2")
    left_out, answers = answers.missing(), answers.complete()
    if len(answers.participants) < 2:
        raise AnswerError(
            f"{len(answers.participants)} participants rated everything, expected at least 2; "
            f"left out: {', '.join(left_out)}"
        )
    with_costs = np.array([arm == OURS for arm in answers.arms])
    without = np.array([arm == NO_LAYER for arm in answers.arms])
    if not (with_costs.any() and without.any()):
        arms = ", ".join(sorted(set(answers.arms)))
        raise AnswerError(f"the key has clips of {arms}, expected '{OURS}' and '{NO_LAYER}'")
    results = []
    for name in SCALES:
        scale = answers.scale(name)
        ours, none = scale[:, with_costs].mean(axis=1), scale[:, without].mean(axis=1)
        more = np.round(ours - none, 9)  # equal differences are ties
        p_value = float(stats.wilcoxon(more).pvalue) if more.any() else float("nan")
        columns = [i for i, item in enumerate(ITEMS) if item.scale == name]
        items = answers.ratings[:, :, columns].reshape(-1, len(columns))
        results.append(
            ScaleResult(
                name,
                mean_and_deviation(ours),
                mean_and_deviation(none),
                paired_difference(ours, none, rng),
                p_value,
                cronbach_alpha(items),
                agreement(scale.T),
            )
        )
    return results


def cronbach_alpha(ratings: FloatArray) -> float:
    """Internal consistency of items (n ratings, k items); NaN when nothing varies.

    Cronbach, "Coefficient alpha and the internal structure of tests", 1951, equation 2.
    """
    count = ratings.shape[1]
    total = float(ratings.sum(axis=1).var(ddof=1)) if len(ratings) > 1 else 0.0
    if total <= 0.0 or count < 2:
        return float("nan")
    return count / (count - 1) * (1.0 - float(ratings.var(axis=0, ddof=1).sum()) / total)


def agreement(ratings: FloatArray) -> float:
    """ICC(2,1) of ratings (n targets, k raters): two-way random effects, single rater, absolute.

    Shrout and Fleiss, "Intraclass correlations", Psychological Bulletin 86, 1979.
    """
    targets, raters = ratings.shape
    if targets < 2 or raters < 2:
        return float("nan")
    whole = ratings.mean()
    by_target, by_rater = ratings.mean(axis=1), ratings.mean(axis=0)
    between_targets = raters * ((by_target - whole) ** 2).sum() / (targets - 1)
    between_raters = targets * ((by_rater - whole) ** 2).sum() / (raters - 1)
    rest = ratings - by_target[:, None] - by_rater + whole
    error = (rest**2).sum() / ((targets - 1) * (raters - 1))
    below = between_targets + (raters - 1) * error + raters * (between_raters - error) / targets
    return float((between_targets - error) / below) if below > 0.0 else float("nan")


def preference_counts(answers: Answers) -> tuple[int, int, float]:
    """How many chose ours and no layer, and the p value of the sign test (two-sided).

    Choices of one participant depend on each other, so each has one vote, for the arm that was
    chosen more often; who chose both alike has none.
    """
    votes = [chosen.count(OURS) - chosen.count(NO_LAYER) for chosen in answers.preferred]
    ours, none = sum(vote > 0 for vote in votes), sum(vote < 0 for vote in votes)
    p_value = float(stats.binomtest(ours, ours + none).pvalue) if ours + none else float("nan")
    return ours, none, p_value

"""Ask people how the robot behaves.

Without answers, OUT/survey.html is written: a questionnaire with clips of a suite's scenes, with
and without the social costs, that works offline; OUT/key.csv says what each clip shows.  With
--answers the files that people saved are analysed: scales (mean and deviation), paired tests,
agreement.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from social_nav_core.evaluation.suites import load_suite
from social_nav_core.evaluation.survey import make_clips, write_survey
from social_nav_core.evaluation.survey_answers import (
    AnswerError,
    analyse,
    preference_counts,
    read_answers,
    read_key,
)
from social_nav_core.progress import Progress
from social_nav_core.sim.reading import SceneError

SUMMARY = "write a questionnaire about the robot's behaviour, or analyse the answers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--out", type=Path, required=True, help="folder of the questionnaire")
    parser.add_argument(
        "--suite", type=Path, default=Path("worlds/suites/paper.yaml"), help="a suite's file"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the trials that are shown")
    parser.add_argument(
        "--answers", type=Path, nargs="+", metavar="CSV", help="analyse these, with OUT/key.csv"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the questionnaire, or print what the answers say."""
    try:
        if arguments.answers:
            _print_analysis(arguments)
            return 0
        suite = load_suite(arguments.suite)
        with Progress("clips") as progress:
            clips = make_clips(suite, arguments.seed, progress)
    except (AnswerError, SceneError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(write_survey(arguments.out, clips))
    return 0


def _print_analysis(arguments: argparse.Namespace) -> None:
    answers = read_answers(arguments.answers, read_key(arguments.out / "key.csv"))
    results = analyse(answers, np.random.default_rng(0))
    for left_out in answers.missing():
        print(f"left out: {left_out}")
    answers = answers.complete()
    print(f"{len(answers.participants)} participants; scales from 1 to 5, mean ± deviation")
    print(f"{'':24}{'with':>13}{'without':>13}{'difference':>26}{'p':>8}{'alpha':>8}{'ICC':>8}")
    for result in results:
        columns = [f"{mean:.2f} ± {spread:.2f}" for mean, spread in (result.ours, result.none)]
        d = result.difference
        columns.append(f"{d.mean:+.2f} [{d.low:+.2f}, {d.high:+.2f}]")
        numbers = f"{result.p_value:>8.3f}{result.alpha:>8.2f}{result.agreement:>8.2f}"
        print(f"{result.name:24}{columns[0]:>13}{columns[1]:>13}{columns[2]:>26}{numbers}")
    ours, none, p_value = preference_counts(answers)
    undecided = len(answers.participants) - ours - none
    print(
        f"preferred: {ours} with, {none} without the social costs (sign test p {p_value:.3f}), "
        f"{undecided} undecided; one vote a participant"
    )

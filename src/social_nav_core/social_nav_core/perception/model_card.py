"""The model card that lies beside a student file."""

from __future__ import annotations

from social_nav_core.perception.student_file import StudentAbout
from social_nav_core.perception.tasks import TASKS, class_names

_TEXT = """# {name}

What a person intends toward the robot, from body pose alone. The student network of this suite
(after arXiv 2505.06278: two graph attention layers per frame, a bidirectional LSTM over time, a
chain classifier), exported to ONNX. It reads no image.

| | |
|---|---|
| input | `windows` (people, {steps}, 23, 3): {steps} steps at {rate:g} Hz of COCO-WholeBody's \
body and feet: x, y from -1 to 1 in a square around the body, confidence 0 to 1; \
lost joints are 0, 0, 0 |
| output | logits {outputs}; each task's are divided by its temperature before the softmax |
| classes | {classes} |
| temperatures | {temperatures} |
| trained on | {data} |
| licence | Apache-2.0 |
| SHA-256 | `{checksum}` (of the file with these 64 digits in it read as zeros) |

`social_nav_core.perception.student_file.load_student` reads it, checks all of this, and refuses
what is damaged, of another version, or answers otherwise than at its training.

## What to expect

{scores}

## Limits

- It has seen only the data named above. The figures above hold for the data that they name and must
  not be quoted as a result on any other; where these were made up, accuracy on real people is not
  known.
- It sees poses relative to the body: neither where somebody is nor how far. One second of it.
- Poses that the data do not hold, as may be people on the ground, in wheelchairs, small children,
  and gestures of other cultures, are answered with some class all the same.
- It says what an action looks like. It is no measure of anybody's mood, and no safety function.
"""


def model_card(name: str, about: StudentAbout, scores: str) -> str:
    """The card's Markdown.

    Args:
        name: of the student file.
        about: what the file says.
        scores: figures as score-perception prints them, empty where there are none.
    """
    quoted = f"```\n{scores.strip()}\n```" if scores.strip() else "No figures were given."
    return _TEXT.format(
        name=name,
        steps=about.steps,
        rate=about.rate,
        outputs=", ".join(f"`{task}`" for task in TASKS),
        classes="; ".join(f"{task}: {', '.join(class_names(task))}" for task in TASKS),
        temperatures=", ".join(f"{task} {about.temperatures[task]:g}" for task in TASKS),
        data=about.data.replace("|", "\\|"),
        checksum=about.checksum,
        scores=quoted,
    )

"""Write Gazebo worlds and Nav2 maps of scenes.

For every scene OUT/sdf/NAME.sdf and the meshes of its walkers OUT/meshes/*.dae, and for its room
OUT/maps/ROOM.pgm and OUT/maps/ROOM.yaml.
The same scene gives the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from social_nav_core.recordings.errors import DataError
from social_nav_core.sim.gazebo.map import map_files
from social_nav_core.sim.gazebo.names import check_for_gazebo
from social_nav_core.sim.gazebo.world import world_files
from social_nav_core.sim.reading import SceneError
from social_nav_core.sim.scene import Scene, load_scene
from social_nav_core.whole_file import written_whole

SUMMARY = "Gazebo worlds (SDF) and Nav2 maps of scenes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("scene", metavar="SCENE", nargs="+", type=Path, help="scene file, YAML")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")


def run(arguments: argparse.Namespace) -> int:
    """Read all scenes, then write."""
    files: dict[Path, bytes] = {}
    for path in arguments.scene:
        scene = _load(path)
        files.update({Path(name): content for name, content in world_files(scene).items()})
        image, description = map_files(scene.room)
        files[Path("maps") / f"{scene.room.name}.pgm"] = image
        files[Path("maps") / f"{scene.room.name}.yaml"] = description
    for name, content in sorted(files.items()):
        target: Path = arguments.out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(target) as file:
            file.write(content)
    print(f"{arguments.out}: {len(files)} files of {len(arguments.scene)} scene(s)")
    return 0


def _load(path: Path) -> Scene:
    try:
        scene = load_scene(path)
    except SceneError as error:
        raise DataError(str(error)) from error
    try:
        check_for_gazebo(scene)
    except SceneError as error:
        raise DataError(f"{path}: {error}") from error
    return scene

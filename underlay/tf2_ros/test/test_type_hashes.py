"""The interfaces have the type hashes of the real packages, so that both can talk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ament_index_python.packages import get_package_share_directory

# tf2_msgs as recorded in bags of Jazzy; nav2_msgs from the definition in Nav2 1.3.13 (Jazzy);
# hri_msgs from the definitions in hri_msgs 2.0.0.
HASHES = {
    "tf2_msgs/msg/TFMessage": "e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087",
    "tf2_msgs/srv/FrameGraph": "0d1fbc6222c018ba5f33822904a2fdd4063705289956d3fdde07cd8c50fe8067",
    "nav2_msgs/action/NavigateToPose": (
        "a56dba8a3234a1215e610180dc703ae25bbf406dded8b54887891c9732857eab"
    ),
    "hri_msgs/msg/IdsList": "7e0812d1ac945c98fd3e393568d581ad0ab567f37b24eff633eab778c1bfe62d",
    "hri_msgs/msg/Skeleton2D": "1cb61f012db6ca43c48fa0097ccab9a00108ea39323c13f01bb983323c1e3420",
}


@pytest.mark.parametrize("name", HASHES)
def test_type_hash(name: str) -> None:
    package, path = name.split("/", maxsplit=1)
    share = Path(get_package_share_directory(package))
    description = json.loads((share / f"{path}.json").read_text())
    found = {entry["type_name"]: entry["hash_string"] for entry in description["type_hashes"]}
    assert found[name] == f"RIHS01_{HASHES[name]}"

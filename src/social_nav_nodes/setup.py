from pathlib import Path

from setuptools import find_packages, setup

MODULES = (Path(__file__).parent / "social_nav_nodes").glob("*_node.py")
NODES = sorted(path.stem.removesuffix("_node") for path in MODULES)

setup(
    name="social_nav_nodes",
    version="0.1.0",
    packages=find_packages(include=["social_nav_nodes", "social_nav_nodes.*"]),
    package_data={"social_nav_nodes": ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/social_nav_nodes"]),
        ("share/social_nav_nodes", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    python_requires=">=3.10",
    description="Thin ROS 2 nodes around social_nav_core",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [f"{node} = social_nav_nodes.{node}_node:main" for node in NODES]
    },
)

from setuptools import setup

setup(
    name="tf2_geometry_msgs",
    version="0.1.0",
    packages=["tf2_geometry_msgs"],
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/tf2_geometry_msgs"]),
        ("share/tf2_geometry_msgs", ["package.xml"]),
    ],
    python_requires=">=3.10",
    description="Transforms poses, points and vectors",
    license="Apache-2.0",
)

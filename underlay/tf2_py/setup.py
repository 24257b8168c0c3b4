from setuptools import setup

setup(
    name="tf2_py",
    version="0.1.0",
    packages=["tf2_py"],
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/tf2_py"]),
        ("share/tf2_py", ["package.xml"]),
    ],
    python_requires=">=3.10",
    description="Transform tree and its exceptions",
    license="Apache-2.0",
)

from setuptools import find_packages, setup

setup(
    name="social_nav_core",
    version="0.1.0",
    packages=find_packages(include=["social_nav_core", "social_nav_core.*"]),
    package_data={"social_nav_core": ["evaluation/templates/*", "models/*", "py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/social_nav_core"]),
        ("share/social_nav_core", ["package.xml"]),
        (
            "share/social_nav_core/models",
            ["social_nav_core/models/LICENSE.MIT", "social_nav_core/models/proxemics.yaml"],
        ),
    ],
    install_requires=["matplotlib", "numpy", "pyyaml", "scipy"],
    extras_require={"perception": ["onnxruntime", "pillow"]},
    python_requires=">=3.10",
    description="Social navigation algorithms that know no ROS",
    license="Apache-2.0",
)

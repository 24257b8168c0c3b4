"""Build the suite's environment in .env/ (called by tools/env): ROS 2 Jazzy from Python wheels,
the libraries the suite uses, and the interface packages that have no wheel.

The virtual environment is itself an ament prefix.  Debian's python3 may come without its headers
and without pip; both are then unpacked from Debian packages into .env/debian, which needs no root.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENV = ROOT / ".env"
DEBIAN = ENV / "debian"
LOGS = ENV / "log"
PYTHON = ENV / "bin" / "python"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
SITE = ENV / "lib" / f"python{VERSION}" / "site-packages"
INTERFACES = ENV / "interfaces"
INTERFACE_PACKAGES = ("underlay/tf2_msgs", "underlay/nav2_msgs", "src/social_nav_msgs")
PYTHON_PACKAGES = ("src/social_nav_core", "src/social_nav_nodes")
PYTHON_UNDERLAY = ("underlay/tf2_py", "underlay/tf2_ros", "underlay/tf2_geometry_msgs")


class SetupError(Exception):
    """The environment cannot be built; the message is one line that says what to do."""


def run(title: str, command: list[str], **options: object) -> None:
    """Run one step with its output in a log file, showing its title and how long it took."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / (re.sub(r"\W+", "_", title) + ".txt")
    started = time.monotonic()
    print(f"  {title} ... ", end="", flush=True)
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, **options  # type: ignore[call-overload]
        )
        try:
            while True:
                try:
                    status = process.wait(timeout=10)
                    break
                except subprocess.TimeoutExpired:
                    print(f"{time.monotonic() - started:.0f} s ... ", end="", flush=True)
        except BaseException:
            process.kill()
            raise
    print(f"done in {time.monotonic() - started:.0f} s" if status == 0 else "failed", flush=True)
    if status != 0:
        tail = "".join(log.read_text(errors="replace").splitlines(keepends=True)[-15:])
        raise SetupError(f"'{title}' failed; the end of {log.relative_to(ROOT)} says:\n{tail}")


def need_programs() -> None:
    """Refuse to start without a compiler and make."""
    missing = [name for name in ("g++", "make") if shutil.which(name) is None]
    if missing:
        raise SetupError(f"needs {' and '.join(missing)}: sudo apt-get install {' '.join(missing)}")


def unpack_debian(packages: list[str]) -> None:
    """Unpack Debian packages of this distribution into .env/debian, as any user."""
    hint = "sudo apt-get install python3-dev python3-venv"
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise SetupError(f"needs Python's headers and pip; on Debian or Ubuntu: {hint}")
    cache = ENV / "apt"
    for folder in ("lists/partial", "archives/partial"):
        (cache / folder).mkdir(parents=True, exist_ok=True)
    options = ["-o", f"Dir::State::lists={cache}/lists", "-o", f"Dir::Cache={cache}"]
    options += ["-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1"]
    try:
        run("Debian's package lists", ["apt-get", *options, "update"])
        run(
            f"Debian packages {' '.join(packages)}",
            ["apt-get", *options, "download", *packages],
            cwd=cache,
        )
        for file in sorted(cache.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", str(file), str(DEBIAN)], check=True)
    except (SetupError, subprocess.CalledProcessError) as error:
        raise SetupError(f"needs Python's headers and pip: {hint}") from error
    shutil.rmtree(cache)


def need_python_parts() -> None:
    """Get Python's headers and pip where this Python came without them."""
    packages = []
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").is_file():
        packages += [f"libpython{VERSION}-dev", f"libpython{VERSION}"]
    try:
        __import__("ensurepip")
    except ImportError:
        packages += ["python3-pip-whl"]
    if packages:
        unpack_debian(packages)


def make_virtual_environment() -> None:
    """An empty virtual environment with pip, invisible to colcon."""
    ENV.mkdir(exist_ok=True)
    (ENV / "COLCON_IGNORE").touch()
    need_python_parts()
    wheels = sorted(DEBIAN.glob("usr/share/python-wheels/pip-*.whl"))
    without_pip = ["--without-pip"] if wheels else []
    run("a virtual environment", [sys.executable, "-m", "venv", *without_pip, str(ENV)])
    pip = [str(wheels[-1] / "pip")] if wheels else ["-m", "pip"]
    run(
        "ROS 2 Jazzy and the libraries, about 200 packages",
        [str(PYTHON), *pip, "install", "--disable-pip-version-check", "--no-input"]
        + ["--require-hashes", "-r", str(ROOT / "requirements.txt")],
    )


def repair_wheels() -> None:
    """Make the wheels' CMake exports name this machine's folders, not those of their build."""
    include = python_include()
    numpy_include = next(SITE.glob("numpy/_core/include"))
    replacements = (
        (re.compile(r"/opt/python/cp\d+-cp\d+/lib/python[\d.]+/site-packages/numpy/_core/include"),
         str(numpy_include)),
        (re.compile(r"/opt/python/cp\d+-cp\d+/include/python[\d.]+"), str(include)),
    )
    for file in (ENV / "share").glob("*/cmake/*.cmake"):
        text = repaired = file.read_text()
        for pattern, replacement in replacements:
            repaired = pattern.sub(replacement, repaired)
        if repaired != text:
            file.write_text(repaired)


def python_include() -> Path:
    """Folder of Python.h."""
    own = Path(sysconfig.get_paths()["include"])
    return own if (own / "Python.h").is_file() else DEBIAN / f"usr/include/python{VERSION}"


def variables() -> dict[str, str]:
    """Environment variables of every command that tools/env runs."""
    libraries = [ENV / "lib", INTERFACES / "lib", *sorted(SITE.glob("ros_*.libs"))]
    prefixes = [INTERFACES, ENV]
    return {
        "VIRTUAL_ENV": str(ENV),
        "PATH": f"{ENV / 'bin'}:$PATH",
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
        "AMENT_PREFIX_PATH": ":".join(map(str, prefixes)),
        "CMAKE_PREFIX_PATH": ":".join(map(str, prefixes)),
        "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp",
        "ROS_DISTRO": "jazzy",
        "ROS_VERSION": "2",
        "ROS_PYTHON_VERSION": "3",
        "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
    }


def write_activation() -> None:
    """What tools/env sources, and the path file that lets Python import the source tree."""
    lines = [f'export {name}="{value}"' for name, value in variables().items()]
    lines.append('export ROS_AUTOMATIC_DISCOVERY_RANGE="${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}"')
    (ENV / "variables").write_text("\n".join(lines) + "\n")
    paths = [INTERFACES / "lib" / f"python{VERSION}" / "site-packages"]
    paths += [ROOT / package for package in PYTHON_PACKAGES + PYTHON_UNDERLAY]
    (SITE / "social_nav.pth").write_text("\n".join(map(str, paths)) + "\n")


def build_interfaces() -> None:
    """Generate and compile the messages and actions with the real rosidl generators."""
    cmake = ["-DBUILD_TESTING=OFF", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0"]
    cmake += ["-DCMAKE_C_FLAGS_DEBUG=-O0", "-GNinja", f"-DPython3_EXECUTABLE={PYTHON}"]
    if DEBIAN.exists():
        library = next(iter(sorted(DEBIAN.glob(f"usr/lib/*/libpython{VERSION}.so*"))))
        cmake += [f"-DPython3_INCLUDE_DIR={python_include()}", f"-DPython3_LIBRARY={library}"]
    colcon = ["colcon", "--log-base", str(LOGS), "build", "--merge-install", "--symlink-install"]
    colcon += ["--build-base", str(ENV / "build"), "--install-base", str(INTERFACES)]
    colcon += ["--paths", *(str(ROOT / path) for path in INTERFACE_PACKAGES)]
    colcon += ["--cmake-args", *cmake]
    script = f"source {shlex.quote(str(ENV / 'variables'))} && exec {shlex.join(colcon)}"
    environment = dict(os.environ, CPATH=str(DEBIAN / "usr/include"))
    run("messages and actions", ["bash", "-c", script], env=environment, cwd=ROOT)


def build(key: str) -> None:
    """Build what is missing or outdated; the key goes in last, when all of it stands."""
    need_programs()
    wanted = (ROOT / "requirements.txt").read_text() + sys.version
    installed = ENV / "installed"
    if not installed.is_file() or installed.read_text() != wanted:
        for leftover in ("bin", "lib", "lib64", "share", "include", "build", "interfaces"):
            path = ENV / leftover
            path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=True)
        make_virtual_environment()
        repair_wheels()
        installed.write_text(wanted)
    write_activation()
    build_interfaces()
    (ENV / "key").write_text(key + "\n")


def main() -> int:
    started = time.monotonic()
    ENV.mkdir(exist_ok=True)
    with (ENV / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        key = sys.argv[1]
        if (ENV / "key").is_file() and (ENV / "key").read_text().strip() == key.strip():
            return 0
        print(f"Building the environment in {ENV} (a few minutes, once)", flush=True)
        try:
            build(key)
        except SetupError as error:
            print(f"tools/env: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\ntools/env: interrupted; the next call goes on from here", file=sys.stderr)
            return 130
    print(f"Environment ready after {time.monotonic() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

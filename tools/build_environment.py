"""Build the suite's environment in .env/ (called by tools/env): ROS 2 Jazzy from Python wheels,
the libraries the suite uses, and the interface packages that have no wheel.

The virtual environment is itself an ament prefix.  Debian's python3 may come without its headers
and without pip; both are then unpacked from Debian packages into .env/debian, which needs no root.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import platform
import re
import shlex
import shutil
import signal
import sys
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import NoReturn, TextIO

from steps import SIGNALS, SetupError, run

ROOT = Path(__file__).resolve().parent.parent
ENV = ROOT / ".env"
DEBIAN = ENV / "debian"
PYTHON = ENV / "bin" / "python"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
SITE = ENV / "lib" / f"python{VERSION}" / "site-packages"
INTERFACES = ENV / "interfaces"
REQUIREMENTS = ROOT / "requirements.txt"
LOCK = ENV / "lock"
LOGS = ENV / "log"
NEEDED_GIGABYTES = 1.5
HEADERS_HINT = "sudo apt-get install python3-dev python3-venv"


def step(
    title: str,
    command: list[str],
    cwd: Path = ROOT,
    packages: int = 0,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Run one step with its temporary files in .env, and more variables in its environment.

    `packages` is how many pip is to collect.
    """

    def progress(text: str) -> str:
        collected = len(re.findall("^(?:Collecting|Processing) ", text, re.MULTILINE))
        installing = "installing, " if "\nInstalling collected" in text else ""
        return f"{collected} of {packages}, {installing}" if packages else ""

    own = {"TMPDIR": str(ENV / "tmp"), "LC_ALL": "C.UTF-8"}
    run(
        title,
        command,
        log=LOGS / (re.sub(r"\W+", "_", title) + ".txt"),
        environment={**os.environ, **own, **variables},
        cwd=cwd,
        progress=progress,
    )


def check_machine() -> None:
    """Refuse to start where the set-up could not end."""
    if (machine := platform.machine()) != "x86_64":
        raise SetupError(f"ROS 2's wheels are for x86_64, not {machine}; use a ROS 2 distribution")
    if shutil.which("g++") is None:
        raise SetupError("needs a C++ compiler: sudo apt-get install g++")
    if re.search(r'[:"$`\\\n]', str(ROOT)):
        raise SetupError(f"move this checkout: no search path can hold {str(ROOT)!r}")
    if not str(ROOT).isascii():
        raise SetupError(
            f"move this checkout: message generators need a path of plain letters, not {ROOT}"
        )
    free = shutil.disk_usage(ENV).free / 1e9
    if not (ENV / "installed").is_file() and free < NEEDED_GIGABYTES:
        raise SetupError(f"needs {NEEDED_GIGABYTES} GB of disk for {ENV}; {free:.1f} GB are free")


def unpack_debian(packages: list[str]) -> None:
    """Unpack packages of this distribution into .env/debian, as any user."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise SetupError(f"needs Python's headers and pip; on Debian or Ubuntu: {HEADERS_HINT}")
    apt = ENV / "apt"
    for folder in ("lists/partial", "archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    command = ["apt-get", "-o", f"Dir::State::lists={apt}/lists", "-o", f"Dir::Cache={apt}"]
    command += ["-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1"]
    command += ["-o", "Acquire::Languages=none", "-o", "APT::Update::Error-Mode=any"]
    try:
        step("Debian's package lists", [*command, "update"])
        step(f"Debian packages {' '.join(packages)}", [*command, "download", *packages], cwd=apt)
    except SetupError as error:
        raise SetupError(f"{error}; or: {HEADERS_HINT}") from error
    for file in sorted(apt.glob("*.deb")):
        step(f"unpacking {file.name}", ["dpkg-deb", "-x", str(file), str(DEBIAN)])
    shutil.rmtree(apt)


def python_include() -> Path:
    """Folder of Python.h: this Python's own, or the one unpacked from a Debian package."""
    own = Path(sysconfig.get_paths()["include"])
    return own if (own / "Python.h").is_file() else DEBIAN / f"usr/include/python{VERSION}"


def need_python_parts() -> None:
    """Get Python's headers and pip where this Python came without them."""
    packages = []
    if not (python_include() / "Python.h").is_file():
        packages.append(f"libpython{VERSION}-dev")
    if importlib.util.find_spec("ensurepip") is None:
        packages.append("python3-pip-whl")
    if packages:
        unpack_debian(packages)


def install_wheels() -> None:
    """A virtual environment with all of requirements.txt.

    One package, empy, has no wheel: it is built with the setuptools that is pinned, here first.
    """
    need_python_parts()
    venv = [sys.executable, "-m", "venv", str(ENV)]
    pip = [str(PYTHON), "-m", "pip"]
    if wheels := sorted(DEBIAN.glob("usr/share/python-wheels/pip-*.whl")):
        venv.insert(3, "--without-pip")
        pip = [str(PYTHON), str(wheels[-1] / "pip")]
    step("a virtual environment", venv)
    options = ["--disable-pip-version-check", "--no-input", "--no-deps", "--only-binary=:all:"]
    install = [*pip, "install", *options, "--require-hashes", "-r"]
    every, builder = REQUIREMENTS.read_text(), ENV / "tmp" / "setuptools.txt"
    builder.write_text("".join(re.findall(r"^setuptools==.*\n(?: .*\n)*", every, re.M)))
    step("the tool that builds packages", [*install, str(builder)])
    pins = re.findall(r"^\S+==\S+ (?:; (.*) )?\\$", every, re.M)
    step(
        "ROS 2 and the libraries",
        [*install, str(REQUIREMENTS), "--no-binary=empy", "--no-build-isolation"],
        packages=sum(marker == "" or f'"{VERSION}"' in marker for marker in pins),
    )


def repair_wheels() -> None:
    """Make the wheels' CMake exports name this machine's folders, not those of their build."""
    replacements = (
        (r"/opt/python/cp\d+-cp\d+/lib/python[\d.]+/site-packages/numpy", SITE / "numpy"),
        (r"/opt/python/cp\d+-cp\d+/include/python[\d.]+", python_include()),
    )
    for file in (ENV / "share").glob("*/cmake/*.cmake"):
        text = repaired = file.read_text()
        for pattern, folder in replacements:
            repaired = re.sub(pattern, str(folder), repaired)
        if repaired != text:
            file.write_text(repaired)


def write_toolchain() -> None:
    """What CMake has to be told: this Python, and its headers where they come from .env/debian."""
    lines = [f'set(Python3_EXECUTABLE "{PYTHON}")']
    include = python_include()
    if include.is_relative_to(DEBIAN):
        (multiarch,) = DEBIAN.glob(f"usr/include/*/python{VERSION}")
        shutil.copy(multiarch / "pyconfig.h", include)
        library, *_ = sorted(DEBIAN.rglob(f"libpython{VERSION}.a"))
        lines += [f'set(Python3_INCLUDE_DIR "{include}")', f'set(Python3_LIBRARY "{library}")']
    (ENV / "toolchain.cmake").write_text("\n".join(lines) + "\n")
    (ENV / "local_setup.sh").touch()  # colcon warns about a prefix without one


def own_variables() -> dict[str, str]:
    """The environment's variables, less PATH."""
    libraries = [ENV / "lib", INTERFACES / "lib", *sorted(SITE.glob("ros_*.libs"))]
    prefixes = f"{INTERFACES}:{ENV}"
    return {
        "VIRTUAL_ENV": str(ENV),
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
        "AMENT_PREFIX_PATH": prefixes,
        "CMAKE_PREFIX_PATH": prefixes,
        "CMAKE_TOOLCHAIN_FILE": str(ENV / "toolchain.cmake"),
        "CMAKE_GENERATOR": "Ninja",
        "COLCON_HOME": str(ENV / "colcon"),
        "MPLCONFIGDIR": str(ENV / "matplotlib"),
        "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp",
        "ROS_DISTRO": "jazzy",
        "ROS_VERSION": "2",
        "ROS_PYTHON_VERSION": "3",
        "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
    }


def write_variables() -> None:
    """What tools/env sources before it runs a command."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in own_variables().items()]
    lines.append(f"export PATH={shlex.quote(str(ENV / 'bin'))}:$PATH")
    defaults = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "ROS_LOG_DIR": str(LOGS / "ros")}
    for name, value in defaults.items():
        lines.append(f'export {name}="${{{name}:-{value}}}"')
    (ENV / "variables").write_text("\n".join(lines) + "\n")


def write_import_path() -> None:
    """Let Python import the generated interfaces and the source tree's packages."""
    packages = sorted({path.parent for path in packages_with("setup.py")})
    paths = [INTERFACES / "lib" / f"python{VERSION}" / "site-packages", *packages]
    (SITE / "social_nav.pth").write_text("\n".join(map(str, paths)) + "\n")


def packages_with(pattern: str) -> list[Path]:
    """Everything in the packages of src/ and underlay/ that matches a pattern."""
    return [path for top in ("src", "underlay") for path in sorted(ROOT.glob(f"{top}/*/{pattern}"))]


def build_interfaces() -> None:
    """Generate and compile the messages and actions with the real rosidl generators.

    The build goes on from the last one unless that one was cut off or other interfaces were in it.
    """
    files = [path for kind in ("msg", "srv", "action") for path in packages_with(f"{kind}/*")]
    built, build = ENV / "interfaces-built", ENV / "build"
    names = "\n".join(map(str, files))
    if not built.is_file() or built.read_text() != names:
        shutil.rmtree(build, ignore_errors=True)
        shutil.rmtree(INTERFACES, ignore_errors=True)
    built.unlink(missing_ok=True)
    colcon = ["colcon", "--log-base", str(LOGS), "build", "--merge-install"]
    colcon += ["--symlink-install", "--build-base", str(build), "--install-base", str(INTERFACES)]
    colcon += ["--paths", *sorted({str(path.parent.parent) for path in files})]
    colcon += ["--cmake-args", "-DBUILD_TESTING=OFF"]
    # Without MAKEFLAGS colcon holds compilers back while the machine's load is over its cores.
    variables = own_variables() | {
        "PATH": f"{ENV / 'bin'}:{os.environ['PATH']}",
        "MAKEFLAGS": "-j",
        "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count()),
    }
    step("messages and actions", colcon, variables=variables)
    built.write_text(names)


def remove_all() -> None:
    """Remove what a previous or unfinished set-up left."""
    leftovers = [str(path) for path in ENV.iterdir() if path not in (LOCK, LOGS)]
    if leftovers:
        step("removing the old environment", ["rm", "-rf", *leftovers])


def build(key: str) -> None:
    """Build what is missing or outdated; the key goes in last, when all of it stands."""
    check_machine()
    (ENV / "key").unlink(missing_ok=True)
    installed = ENV / "installed"
    wanted = "\n".join([REQUIREMENTS.read_text(), sys.version, str(ROOT)])
    if not installed.is_file() or installed.read_text() != wanted:
        remove_all()
        (ENV / "COLCON_IGNORE").touch()
        (ENV / "tmp").mkdir()
        install_wheels()
        installed.write_text(wanted)
    repair_wheels()
    write_toolchain()
    write_variables()
    write_import_path()
    build_interfaces()
    (ENV / "key").write_text(key + "\n")


def stop(number: int, frame: FrameType | None) -> NoReturn:
    """On a signal: leave, once; `run` ends the step's processes on the way out."""
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


def lock() -> TextIO:
    """One set-up at a time; the lock is free again when the file is closed."""
    ENV.mkdir(exist_ok=True)
    file = LOCK.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("tools/env: waiting for another one that builds the environment", file=sys.stderr)
        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def main(key: str, command: list[str]) -> None:
    """Build the environment, then become `tools/env` again, which runs the command."""
    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        with lock():
            if not (ENV / "key").is_file() or (ENV / "key").read_text() != key + "\n":
                started = time.monotonic()
                print(f"Building the environment in {ENV} (minutes, once)", file=sys.stderr)
                build(key)
                took = f"{time.monotonic() - started:.0f} s"
                print(f"Environment ready after {took}", file=sys.stderr)
    except SetupError as error:
        sys.exit(f"tools/env: {error}")
    except OSError as error:
        sys.exit(f"tools/env: cannot write in {ENV}: {error.strerror} ({error.filename})")
    except SystemExit:
        print("\ntools/env: interrupted; the next call goes on", file=sys.stderr)
        raise
    for number in (*SIGNALS, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    os.execv(ROOT / "tools" / "env", ["tools/env", *command])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

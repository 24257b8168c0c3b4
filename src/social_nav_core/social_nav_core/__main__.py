"""``python -m social_nav_core COMMAND``, one command per module of `social_nav_core.commands`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence

from social_nav_core import commands
from social_nav_core.input_files import one_line
from social_nav_core.parameters import ParameterError
from social_nav_core.proxemics.model import ModelError
from social_nav_core.recordings.errors import DataError
from social_nav_core.sim.reading import SceneError


def build_parser(name: str = "") -> argparse.ArgumentParser:
    """Parser with one sub-command per module of `social_nav_core.commands`.

    Args:
        name: of the one command to import, which is faster; all others when it is none of them.
    """
    parser = argparse.ArgumentParser(prog="python -m social_nav_core", description=commands.__doc__)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    modules = {m.name.replace("_", "-"): m.name for m in pkgutil.iter_modules(commands.__path__)}
    for command_name in [name] if name in modules else modules:
        module = importlib.import_module(f"{commands.__name__}.{modules[command_name]}")
        command = subparsers.add_parser(
            command_name,
            help=module.SUMMARY,
            description=module.__doc__,
            epilog=getattr(module, "EPILOG", None),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did its job, 2 for bad input, 130 when interrupted."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if any("\0" in word for word in words):
        print("error: an argument has a zero character, which no file's name has", file=sys.stderr)
        return 2
    try:
        chosen = build_parser(words[0] if words else "").parse_args(words)
        return int(chosen.run(chosen))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {where}{error.strerror or error}", file=sys.stderr)
        return 2
    except (DataError, ModelError, ParameterError, SceneError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except MemoryError as error:
        why = one_line(error)
        print(f"error: not enough memory ({why}); make or give less at once", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"interrupted: {str(stop) or 'nothing was written'}", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())

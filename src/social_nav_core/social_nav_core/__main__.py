"""``python -m social_nav_core COMMAND``, one command per module of `social_nav_core.commands`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence

from social_nav_core import commands
from social_nav_core.parameters import ParameterError
from social_nav_core.proxemics.model import ModelError
from social_nav_core.recordings.errors import DataError


def build_parser() -> argparse.ArgumentParser:
    """Parser with one sub-command per module of `social_nav_core.commands`."""
    parser = argparse.ArgumentParser(prog="python -m social_nav_core", description=commands.__doc__)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for found in pkgutil.iter_modules(commands.__path__):
        module = importlib.import_module(f"{commands.__name__}.{found.name}")
        command = subparsers.add_parser(
            found.name.replace("_", "-"),
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
    chosen = build_parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except (DataError, ModelError, ParameterError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())

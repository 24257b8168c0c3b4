"""The table of entry points: name -> a call with the bytes of a case, and what it may raise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from social_nav_core.parameters import ParameterError
from social_nav_nodes.parameter_tables import NODES

from fuzzing import actions, commands, files, nodes, parameters, services
from fuzzing.engine import LONGEST

Call = Callable[[bytes], object]
Errors = tuple[type[BaseException], ...]
CASES: dict[str, Callable[[nodes.Bench, str, bytes], object]] = {
    "message": nodes.message_case,
    "goal": actions.goal_case,
    **{part: partial(actions.answer_case, part) for part in actions.PARTS},
}


@dataclass(frozen=True)
class Entry:
    """One entry point while it is set up.

    Attributes:
        name: kind and name, such as "message social_costmap /map".
        call: with the bytes of a case.
        errors: what a case may raise; everything else is a defect.
        longest: that a case may take [s of processor time].
    """

    name: str
    call: Call
    errors: Errors
    longest: float = LONGEST


def names(folder: Path) -> list[str]:
    """Of all entry points."""
    found = [f"file {point.name}" for point in files.file_points(folder / "files")]
    found += [f"command {name}" for name in commands.command_names()]
    found += [f"parameters {name}" for name in NODES]
    for name in nodes.SPUN:
        bench = nodes.Bench(name, folder / name)
        found += [f"message {name} {topic}" for topic in bench.subscribers]
        found.append(f"services {name}")
        found += [f"goal {name} {s.name}" for s in actions.action_servers(bench.node)]
        found += [f"requests {name} {s.action}" for s in actions.action_servers(bench.node)]
        for action in actions.action_clients(bench.node):
            found += [f"{part} {name} {action}" for part in actions.PARTS]
        bench.close()
    return [*found, f"answer trial {services.STATES}"]


@contextmanager
def opened(entry: str, folder: Path) -> Iterator[Entry]:
    """An entry point that is ready to be called; it writes into a folder."""
    kind, _, rest = entry.partition(" ")
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "file":
        point = next(p for p in files.file_points(folder) if p.name == rest)
        yield Entry(entry, partial(files.file_case, point, folder), (*point.errors, OSError))
    elif kind == "command":
        longest = commands.LONGEST_WORK.get(rest, LONGEST)
        yield Entry(entry, partial(commands.command_case, rest, folder), (), longest)
    else:
        name, _, place = rest.partition(" ")
        bench = nodes.Bench(name, folder / "node")
        try:
            if kind == "parameters":
                about = parameters.ParameterBench(bench.node, NODES[name].PARAMETERS)
                yield Entry(entry, about.case, (ParameterError,))
            elif kind == "requests":
                asker = services.ActionAsker(bench, place)
                yield Entry(entry, asker.case, ())
                asker.close()
            elif kind in ("services", "answer"):
                call = services.service_case if kind == "services" else services.state_case
                yield Entry(entry, partial(call, bench), ())
            else:
                yield Entry(entry, partial(CASES[kind], bench, place), ())
        finally:
            bench.close()

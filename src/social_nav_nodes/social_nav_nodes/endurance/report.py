"""The pages that `make faults` and `make soak` leave: one HTML file and the same as Markdown."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from social_nav_nodes.endurance.load import Load
from social_nav_nodes.endurance.resources import machine
from social_nav_nodes.endurance.soak import MEMORY_LIMIT, Soak
from social_nav_nodes.endurance.trial import STALL, Trial

PERCEPTION_LIMIT, COSTS_LIMIT = 0.100, 0.150  # 99th percentile of the age [s]
MEANT = 50  # people that these limits are meant for
COLOURS = ("#00867a", "#b3401a", "#3d5a98", "#8a6d00", "#7a3d8f", "#5b6472", "#2e7d32")
STYLE = """
:root { --paper: #fff; --ink: #22262e; --quiet: #5b6472; --line: #dfe3e8; --panel: #f5f6f8;
  --good: #00755e; --bad: #b3401a; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 64px; }
h1 { font-size: 1.9rem; margin: 0 0 12px; } h2 { font-size: 1.3rem; margin: 40px 0 8px; }
p { max-width: 50rem; } .wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.94rem; }
th, td { text-align: left; vertical-align: top; padding: 7px 12px 7px 0;
  border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
td:nth-child(2) { white-space: nowrap; }
img { width: 100%; height: auto; }
"""


@dataclass(frozen=True)
class Table:
    """Rows of text under heads; columns from ``first_number`` on hold numbers."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    first_number: int = 1


@dataclass(frozen=True)
class Section:
    """A part of a page."""

    title: str
    text: str = ""
    table: Table | None = None
    picture: bytes = b""


def write(folder: Path, name: str, title: str, sections: Sequence[Section]) -> Path:
    """Write ``name.html`` and ``name.md`` into a folder; returns the former."""
    facts = Table(("machine", ""), [(key, value) for key, value in machine().items()], 2)
    sections = [*sections, Section("Machine", table=facts)]
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{name}.html"
    page.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style><main><h1>{html.escape(title)}</h1>"
        + "".join(_html(section) for section in sections)
        + "</main></html>\n"
    )
    parts = [f"# {title}", *(_markdown(section) for section in sections)]
    (folder / f"{name}.md").write_text("\n\n".join(parts) + "\n")
    return page


def fault_sections(trials: Sequence[Trial]) -> list[Section]:
    """What was injected, what followed, and how soon."""
    names = list(dict.fromkeys(trial.name for trial in trials))
    rows = []
    for name in names:
        mine = [trial for trial in trials if trial.name == name]
        well = sum(not trial.failure for trial in mine)
        fault = mine[0].title + (f". {mine[0].outcome}" if mine[0].outcome else "")
        failures = [f"NOT: {trial.failure}" for trial in mine if trial.failure]
        rows.append((fault, f"{well} of {len(mine)}", "; ".join([*_times(mine), *failures])))
    stretch = max(trial.slack for trial in trials)
    void = sum(trial.void for trial in trials)
    text = (
        f"{sum(not t.failure for t in trials)} of {len(trials)} trials went as stated. Times are "
        "the slowest of all trials, with their limits, since the fault or since the part was back. "
        f"The machine was busy enough to stretch limits by up to {stretch:.1f} times; "
        f"{sum(not t.failure and not t.late for t in trials)} trials did without that. "
        f"{void} trials are void and were done again, because it stalled for more than {STALL:g} s."
    )
    return [
        Section(
            "What followed", text, Table(("fault and outcome", "well", "what followed"), rows, 9)
        )
    ]


def soak_sections(soak: Soak) -> list[Section]:
    """What every node took."""
    rows = [
        (
            figures.name,
            f"{figures.memory[0]:.1f}",
            f"{figures.memory[1]:.1f}",
            f"{100 * figures.growth:+.2f} %",
            _span(figures.files),
            _span(figures.threads),
            f"{100 * figures.cpu:.0f} %",
            "; ".join(figures.defects) or "flat",
        )
        for figures in soak.nodes
    ]
    heads = ("node", "MiB, begin", "MiB, end", "growth", "files", "threads", "of a core", "")
    reasons = "".join(f" {reason}." for reason in dict.fromkeys(soak.failed))
    loads = soak.load_averages
    text = (
        f"{soak.minutes:g} minutes, of which the first {soak.warm_up:.0f} s are not counted. "
        f"{soak.arrived} approaches arrived, {len(soak.failed)} did not.{reasons} Memory may grow "
        f"by {100 * MEMORY_LIMIT:g} %, file descriptors and threads not at all. The load average "
        f"was {min(loads):.1f} to {max(loads):.1f}."
    )
    return [Section("Soak", text, Table(heads, rows), _memory_picture(soak))]


def load_sections(loads: Sequence[Load]) -> list[Section]:
    """How old what the perception and the social costs publish is."""
    rows = []
    for load in loads:
        for what, ages, limit in (
            ("perception", load.perceived, PERCEPTION_LIMIT),
            ("social grid", load.costs, COSTS_LIMIT),
        ):
            meant = load.people <= MEANT
            verdict = ("met" if ages.percentile(99) < limit else "NOT met") if meant else ""
            rows.append(
                (
                    f"{load.people} people, {what}",
                    *(f"{1e3 * ages.percentile(share):.0f}" for share in (50, 99, 100)),
                    f"{1e3 * limit:.0f}" if meant else "",
                    f"{ages.rate:.1f}",
                    verdict,
                )
            )
    heads = ("load", "median, ms", "99 %, ms", "largest, ms", "limit, ms", "per second", "")
    told = "".join(
        f" With {load.people} people on a load average of {load.load_average:.1f}: "
        + ", ".join(f"{node} {100 * share:.0f} % of a core" for node, share in load.cpu.items())
        + "."
        + "".join(f" {node} says: {line}." for node, line in _lines(load))
        for load in loads
    )
    text = (
        f"Bodies of 23 joints at {loads[0].rate:g} Hz on two cores. The age is the time from the "
        f"image's stamp to the arrival of what was made of it in another process.{told}"
    )
    return [Section("Load", text, Table(heads, rows))]


def _lines(load: Load) -> list[tuple[str, str]]:
    """The first line that each node logged, without its stamp."""
    return [
        (node, said.splitlines()[0].rpartition("]: ")[2])
        for node, said in load.said.items()
        if said
    ]


def _times(trials: Sequence[Trial]) -> list[str]:
    """Each outcome with the longest time that it took in any trial, and its limit."""
    slowest: dict[str, tuple[float, float | None]] = {}
    for trial in trials:
        for check in trial.checks:
            if check.took is not None:
                before = slowest.get(check.what, (0.0, check.limit))[0]
                slowest[check.what] = max(before, check.took), check.limit
    return [
        f"{what}: {took:.1f} s" + (f" (limit {limit:g})" if limit else "")
        for what, (took, limit) in slowest.items()
    ]


def _span(values: tuple[int, int]) -> str:
    return str(values[0]) if values[0] == values[1] else f"{values[0]} to {values[1]}"


def _memory_picture(soak: Soak) -> bytes:
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for node, colour in zip(soak.nodes, COLOURS, strict=False):
        base = node.memory[0]
        memory = [100.0 * (taken.memory / base - 1.0) for taken in node.trace.taken]
        minutes = [at / 60.0 for at in node.trace.times]
        axes.plot(
            minutes, memory, color=colour, label=f"{node.name}, {base:.0f} MiB", linewidth=1.2
        )
    axes.axvspan(0.0, soak.warm_up / 60.0, color="0.92", zorder=0)
    axes.axhline(100.0 * MEMORY_LIMIT, color="0.4", linestyle="--", linewidth=1.0)
    axes.set(xlabel="time [min]", ylabel="memory since the warm-up [%]", xlim=(0, soak.minutes))
    axes.set_ylim(-8.0, 8.0)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    data = BytesIO()
    figure.savefig(data, format="png", dpi=160)
    return data.getvalue()


def _html(section: Section) -> str:
    parts = [f"<h2>{html.escape(section.title)}</h2>"]
    parts += [f"<p>{html.escape(section.text)}</p>"] if section.text else []
    if section.table is not None:
        first = section.table.first_number
        heads = _cells("th", section.table.heads, first)
        rows = "".join(f"<tr>{_cells('td', row, first)}</tr>" for row in section.table.rows)
        parts.append(f'<div class="wide"><table><tr>{heads}</tr>{rows}</table></div>')
    if section.picture:
        data = base64.b64encode(section.picture).decode()
        text = f"{section.title} over time"
        parts.append(f'<img alt="{html.escape(text)}" src="data:image/png;base64,{data}">')
    return "".join(parts)


def _cells(tag: str, values: Iterable[str], first_number: int) -> str:
    cells = []
    for index, value in enumerate(values):
        kind = "number" if first_number <= index < 7 else ""
        kind = "bad" if "NOT" in value else "good" if value in ("met", "flat") else kind
        cells.append(f'<{tag} class="{kind}">{html.escape(value)}</{tag}>')
    return "".join(cells)


def _markdown(section: Section) -> str:
    parts = [f"## {section.title}"]
    parts += [section.text] if section.text else []
    if section.table is not None:
        heads = section.table.heads
        rows = [heads, ["---"] * len(heads), *section.table.rows]
        parts.append("\n".join("| " + " | ".join(row) + " |" for row in rows))
    return "\n\n".join(parts)

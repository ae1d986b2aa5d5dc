"""Plots of the figures of a comparison."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recommender.errors import ConfigError
from recommender.evaluation.compare import COLUMNS, Result, best_value, measured_columns, rank_results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".png", ".svg", ".pdf")
_INK, _LINES, _DOT, _BEST = "#22252b", "#e3e6ea", "#7d93aa", "#c8553d"
# The figures to draw, one per panel: title of the panel and format of the numbers.
_PANELS = {
    "rmse": ("RMSE, stars", ".4f"),
    "full ndcg@10": ("NDCG@10, full catalogue", ".4f"),
    "negatives ndcg@10": ("NDCG@10, against negatives", ".4f"),
    "fit_seconds": ("training, seconds (logarithmic)", ".2g"),
    "peak_memory_mb": ("peak memory, MB", ",.0f"),
}
_LOGARITHMIC, _FROM_ZERO = "fit_seconds", "peak_memory_mb"
# Shorter training times are drawn as this one: a logarithmic axis has no room for zero.
_MIN_SECONDS = 1e-3


def check_plot(path: Path) -> None:
    """Raise ConfigError for a file name of an unknown format, or if matplotlib is not installed."""
    if path.suffix.lower() not in FORMATS:
        raise ConfigError(f"{path}: the name of a plot must end in {', '.join(FORMATS)}.")
    try:
        import matplotlib as mpl  # noqa: F401, PLC0415 - an optional dependency.
    except ImportError as error:
        raise ConfigError(
            "Plots need matplotlib, which is not installed: pip install -r requirements/notebooks.txt."
        ) from error


def plot_comparison(results: Sequence[Result], path: Path) -> None:
    """Plot the figures of a comparison to a file: a row of panels for each protocol, the best figures in colour."""
    check_plot(path)
    import matplotlib as mpl  # noqa: PLC0415 - heavy, and optional.
    from matplotlib.figure import Figure  # noqa: PLC0415

    measured = {protocol: [each for each in rank_results(results, protocol) if not each.error] for protocol in COLUMNS}
    rows = {
        protocol: [column for column in measured_columns(each, protocol) if column in _PANELS]
        for protocol, each in measured.items()
        if each
    }
    if not rows:
        raise ConfigError(f"{path}: nothing was measured, so there is nothing to draw.")
    width = max(len(columns) for columns in rows.values())
    heights = [0.9 + 0.3 * len(measured[protocol]) for protocol in rows]
    # Text in an SVG stays text, and the same figures make the same file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "matinee", "font.size": 9, "text.color": _INK}):
        figure = Figure(figsize=(1.6 + 2.9 * width, sum(heights)), layout="constrained")
        axes = figure.subplots(len(rows), width, squeeze=False, height_ratios=heights)
        for row, (protocol, columns) in enumerate(rows.items()):
            for place in range(width):
                if place < len(columns):
                    _draw_panel(axes[row, place], measured[protocol], columns[place])
                else:
                    axes[row, place].set_axis_off()
                if place:
                    axes[row, place].tick_params(labelleft=False)
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)


def _draw_panel(axes: "Axes", results: Sequence[Result], column: str) -> None:
    """Draw one figure of each result as a dot with its number, the first result on top."""
    best, (title, number) = best_value(results, column), _PANELS[column]
    for place, result in enumerate(results):
        value = result.figure(column)
        if value is None:
            continue
        at = max(value, _MIN_SECONDS) if column == _LOGARITHMIC else value
        axes.plot(at, place, "o", color=_BEST if value == best else _DOT, markersize=7)
        axes.annotate(
            format(value, number), (at, place), xytext=(7, 0), textcoords="offset points", va="center", fontsize=8
        )
    axes.set_title(title, fontsize=9, loc="left")
    axes.set_yticks(range(len(results)), [result.contender for result in results])
    axes.set_ylim(len(results) - 0.4, -0.6)
    axes.grid(axis="y", color=_LINES)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.3)
    if column == _LOGARITHMIC:
        axes.set_xscale("log")
    if column == _FROM_ZERO:
        axes.set_xlim(0, 1.25 * max(result.figure(column) or 0.0 for result in results))

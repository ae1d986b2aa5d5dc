"""The learning curve of a training as SVG."""

from collections.abc import Mapping, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_WIDTH, _HEIGHT, _MARGIN = 480, 180, 44


def learning_curve_svg(points: Sequence[Mapping[str, float]]) -> SafeString | str:
    """Return a plot of RMSE by epoch as SVG, or a sentence if there are fewer than two points."""
    if len(points) < 2:  # noqa: PLR2004 - a line has two ends.
        return "This algorithm records no learning curve."
    epochs, errors = [point["epoch"] for point in points], [point["rmse"] for point in points]
    low, high = min(errors), max(errors)
    positions = [
        (_scale(epoch, epochs[0], epochs[-1], _MARGIN, _WIDTH - 8), _scale(error, high, low, 12, _HEIGHT - 28))
        for epoch, error in zip(epochs, errors, strict=True)
    ]
    # format_html formats numbers by locale, so they are formatted here.
    texts = [(f"{x:.1f}", f"{y:.1f}") for x, y in positions]
    line = " ".join(f"{x},{y}" for x, y in texts)
    marks = ((x, y, epoch, f"{error:.4f}") for (x, y), epoch, error in zip(texts, epochs, errors, strict=True))
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}" height="{}" role="img" '
        'aria-label="RMSE {} after pass {}, {} after pass {}">{}'
        '<polyline points="{}" fill="none" stroke="currentColor" stroke-width="2"/>{}</svg>',
        _WIDTH,
        _HEIGHT,
        _WIDTH,
        _HEIGHT,
        f"{errors[0]:.4f}",
        epochs[0],
        f"{errors[-1]:.4f}",
        epochs[-1],
        _axes(epochs, low, high),
        line,
        format_html_join(
            "",
            '<circle cx="{}" cy="{}" r="3" fill="currentColor"><title>pass {}: {}</title></circle>',
            marks,
        ),
    )


def _axes(epochs: Sequence[float], low: float, high: float) -> SafeString:
    texts = [
        (_MARGIN - 6, 16, "end", f"{high:.3f}"),
        (_MARGIN - 6, _HEIGHT - 24, "end", f"{low:.3f}"),
        (_MARGIN, _HEIGHT - 8, "middle", f"{epochs[0]:g}"),
        (_WIDTH - 8, _HEIGHT - 8, "end", f"pass {epochs[-1]:g}"),
    ]
    return format_html_join(
        "", '<text x="{}" y="{}" text-anchor="{}" font-size="11" fill="currentColor">{}</text>', texts
    )


def _scale(value: float, first: float, last: float, begin: float, end: float) -> float:
    """Map ``value`` linearly from the range ``first`` … ``last`` to the range ``begin`` … ``end``."""
    return end if first == last else begin + (end - begin) * (value - first) / (last - first)

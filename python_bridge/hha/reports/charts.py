"""Charts as SVG text: bars by the day, in the colours of the page around them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 160, 56, 20


def bars(title: str, labels: Sequence[str], values: Sequence[float | None], unit: str) -> str:
    """One bar per value; None leaves its place empty. The axis holds the least and the most."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    # Percentages next to 100 would all look alike on an axis from 0.
    floor = min(99.0, *known) if unit == "%" else 0.0
    top = 100.0 if unit == "%" else max(1e-9, *known)
    slot = (_WIDTH - _LEFT) / len(values)
    height = _HEIGHT - _BOTTOM - 8
    shapes = []
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        if value is None:
            continue
        size = max(1.0, height * (value - floor) / (top - floor or 1.0))
        shapes.append(
            f'<rect x="{_LEFT + slot * place + 1:.1f}" y="{_HEIGHT - _BOTTOM - size:.1f}"'
            f' width="{max(1.0, slot - 2):.1f}" height="{size:.1f}">'
            f"<title>{escape(label)}: {value:,.2f} {escape(unit)}</title></rect>"
        )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg role="img"'
        f' aria-label="{escape(title, quote=True)}" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<text x="{_LEFT - 6}" y="14" text-anchor="end">{top:,.4g}</text>'
        f'<text x="{_LEFT - 6}" y="{_HEIGHT - _BOTTOM}" text-anchor="end">{floor:,.4g}</text>'
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{_HEIGHT - _BOTTOM}" y2="{_HEIGHT - _BOTTOM}"/>'
        f"{''.join(shapes)}"
        f'<text x="{_LEFT}" y="{_HEIGHT - 4}">{escape(labels[0])}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 4}" text-anchor="end">{escape(labels[-1])}</text>'
        "</svg></figure>"
    )

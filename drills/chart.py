"""A chart of drills as SVG: for each fault the median and the longest outage, and what was promised."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

_LEFT, _WIDTH, _RIGHT, _ROW, _TOP, _BAR = 220, 460, 130, 34, 56, 12
_STYLE = (
    "text{font:13px sans-serif;fill:#1f2933}.s{font-size:11px;fill:#52606d}.g{stroke:#e4e7eb}"
    ".max{fill:#9fb3c8}.median{fill:#27496d}.promise{stroke:#c0392b;stroke-width:2}"
)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One fault, in seconds; `promised` None: no outage is promised."""

    name: str
    median: float
    longest: float
    promised: float | None


def chart(title: str, bars: Sequence[Bar]) -> str:
    """A row for each bar, from the left; one scale for all."""
    most = max((max(one.longest, one.promised or 0) for one in bars), default=0) or 1
    step = next(step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if most / step <= 10)
    width, height = _LEFT + _WIDTH + _RIGHT, _TOP + _ROW * len(bars) + 34

    def x(seconds: float) -> float:
        return round(_LEFT + _WIDTH * seconds / most, 1)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="12" y="22">{escape(title)}</text>',
        *_legend(),
    ]
    bottom = _TOP + _ROW * len(bars)
    for number in range(int(most / step) + 1):
        at = x(number * step)
        lines.append(f'<line class="g" x1="{at}" x2="{at}" y1="{_TOP}" y2="{bottom}"/>')
        lines.append(f'<text class="s" x="{at}" y="{bottom + 16}" text-anchor="middle">{number * step:g} s</text>')
    for row, one in enumerate(bars):
        lines += _row(one, _TOP + _ROW * row, x)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _row(one: Bar, top: int, x: Callable[[float], float]) -> list[str]:
    middle = top + _ROW // 2
    said = " / ".join(
        f"{round(seconds, 1):g}" for seconds in (one.median, one.longest, one.promised) if seconds is not None
    )
    end = x(max(one.longest, one.promised or 0))
    lines = [
        f'<text x="{_LEFT - 10}" y="{middle + 4}" text-anchor="end">{escape(one.name)}</text>',
        f'<rect class="max" x="{_LEFT}" y="{middle - _BAR // 2}" width="{round(x(one.longest) - _LEFT, 1)}" '
        f'height="{_BAR}"/>',
        f'<rect class="median" x="{_LEFT}" y="{middle - _BAR // 4}" width="{round(x(one.median) - _LEFT, 1)}" '
        f'height="{_BAR // 2}"/>',
        f'<text class="s" x="{end + 8}" y="{middle + 4}">{said}</text>',
    ]
    if one.promised is not None:
        at = x(one.promised)
        lines.append(f'<line class="promise" x1="{at}" x2="{at}" y1="{middle - _BAR}" y2="{middle + _BAR}"/>')
    return lines


def _legend() -> list[str]:
    return [
        '<rect class="median" x="12" y="34" width="18" height="6"/><text class="s" x="36" y="41">median</text>',
        '<rect class="max" x="92" y="31" width="18" height="12"/><text class="s" x="116" y="41">longest</text>',
        '<line class="promise" x1="181" x2="181" y1="28" y2="46"/><text class="s" x="190" y="41">promised</text>',
    ]

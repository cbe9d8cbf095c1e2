"""HTML as nested calls: text is escaped unless it is `Markup` already, so nothing from the data can become HTML."""

import html
import re
from collections.abc import Iterable

_VOID = {"meta", "br", "hr", "col"}
# not allowed in HTML, or not encodable: control characters, lone surrogates
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Markup(str):
    """Text that is HTML already."""


def escape(value: object) -> Markup:
    """`value` as HTML text; `Markup` as it is, iterables joined, None as nothing."""
    if value is None:
        return Markup()
    if isinstance(value, Markup):
        return value
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return Markup("".join(escape(part) for part in value))
    return Markup(html.escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(value))))


def element(name: str, /, *children: object, **attributes: object) -> Markup:
    """An element: `element("p", "a < b", class_="note")`; attributes that are None or False are left out.

    A last underscore falls away from attribute names, others become hyphens.
    """
    opened = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{opened}>")
    return Markup(f"<{name}{opened}>{escape(children)}</{name}>")


def percent(k: float, n: float = 1) -> str:
    """`k` of `n` with one decimal, never 100 % where something is missing nor 0 % where something is there."""
    share = round(100 * k / n, 1)
    if k < n:
        share = min(share, 99.9)
    if k > 0:
        share = max(share, 0.1)
    return "100%" if share == 100 else "0%" if share == 0 else f"{share:.1f}%"


def number(value: object) -> str:
    """A value as a reader wants it: thousands apart, few digits, yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return number(value.item())  # pyright: ignore[reportAttributeAccessIssue]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "none" if value is None else str(value)


def plural(n: int, one: str, many: str | None = None) -> str:
    """`plural(2, "network")` is "2 networks"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Seconds in the unit that a reader would choose."""
    if seconds < 0.0005:
        return "0 s" if seconds == 0 else "< 1 ms"
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"

"""Parts that sections are made of; each is None where there is nothing to put in."""

from collections.abc import Mapping

from ._markup import Markup, element


def section(name: str, title: str, *inside: Markup | None) -> Markup | None:
    """A section of the page; `name` is its anchor."""
    return element("section", element("h2", title), inside, id=name) if any(inside) else None


def block(title: str, *inside: Markup | None) -> Markup | None:
    """Something of its own inside a section."""
    return element("div", element("h3", title), inside, class_="block") if any(inside) else None


def group(kind: str, *inside: Markup | None) -> Markup | None:
    """Things side by side where there is room."""
    return element("div", inside, class_=kind) if any(inside) else None


def figures(charts: Mapping[str, Markup | None]) -> Markup | None:
    """Charts under their titles, side by side where there is room."""
    drawn = [element("figure", element("figcaption", title), chart) for title, chart in charts.items() if chart]
    return group("charts", *drawn)


def folded(title: str, inside: Markup | None) -> Markup | None:
    """Something that opens when it is asked for."""
    return element("details", element("summary", title), inside) if inside else None


def code_block(text: str) -> Markup | None:
    """Lines as they are, to be copied."""
    return element("pre", element("code", text.strip("\n")), tabindex="0") if text.strip() else None


def paragraph(text: str) -> Markup | None:
    """A sentence or more."""
    return element("p", text) if text else None


def note(text: str | None) -> Markup | None:
    """A sentence in small print."""
    return element("p", text, class_="note") if text else None

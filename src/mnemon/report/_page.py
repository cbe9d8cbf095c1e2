"""The page: head, sections in their order, foot; one HTML file that asks nothing of any other."""

from importlib.resources import files

from . import _mistakes as mistakes
from . import _sections as sections
from ._markup import Markup, element, number
from ._story import Story

# Nothing may be fetched or run, even where something in the page were to try.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(story: Story) -> str:
    """The whole report as HTML."""
    body = [
        sections.headline(story),
        sections.trained(story),
        sections.learning(story),
        mistakes.confusion(story),
        mistakes.surely_wrong(story),
        mistakes.lengths(story),
        sections.spent(story),
        sections.loading(story),
        sections.provenance(story),
    ]
    parts = [part for part in body if part]
    return document(story.title, _header(story), element("main", parts), _footer(story))


def document(title: str, *body: Markup) -> str:
    """A whole HTML file: the head that all pages share, and `body`."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Markup(style())),
    )
    whole = element("html", head, element("body", body), lang="en")
    return f"<!doctype html>\n{whole}\n".replace("<section", "\n<section")


def style() -> str:
    """The style sheet."""
    return files("mnemon.report").joinpath("style.css").read_text("utf-8")


def _header(story: Story) -> Markup:
    model = [number(story.model[name]) for name in ("cell",) if name in story.model]
    under = " · ".join([*model, *([story.test_data.name] if story.test_data else []), *filter(None, [story.date])])
    return element("header", element("h1", story.title), element("p", under, class_="note") if under else None)


def _footer(story: Story) -> Markup:
    version = story.versions.get("mnemon", "")
    return element("footer", element("p", f"Written by Mnemon {version}".rstrip() + "."))

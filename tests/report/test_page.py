"""The page is whole, safe, stands alone, and is the same for the same story."""

import hashlib
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from mnemon.report import DataSet, Judged, Story, write_report
from mnemon.report._page import page, style

VOID = {"meta", "br", "hr", "col"}


class Reader(HTMLParser):
    """Checks that what opens is closed, and collects what the other tests ask about."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.ids, self.references, self.headings = [], [], [], [], []
        self.words = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        attrs = dict(attrs)
        self.seen.append((tag, attrs))
        if "id" in attrs:
            self.ids.append(attrs["id"])
        self.references += [
            v for k, v in attrs.items() if k in ("src", "href", "xlink:href", "srcset", "data", "action")
        ]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words += data


@pytest.fixture(
    params=["full", "several networks", "bare", "all right", "two classes", "thirty classes", "sixty classes"]
)
def any_story(request, story, judged):
    return {
        "full": lambda: story(),
        "several networks": lambda: story(networks=5),
        "bare": lambda: Story(title="Bare", judged=Judged(classes=[0, 1], y_true=[0, 1, 1], y_pred=[0, 1, 0])),
        "all right": lambda: story(judged=judged(wrong=0)),
        "two classes": lambda: story(judged=judged(2)),
        "thirty classes": lambda: story(judged=judged(30, n=300, wrong=0.3)),
        "sixty classes": lambda: story(judged=judged(60, n=300, wrong=0.3)),
    }[request.param]()


def test_is_well_formed_accessible_and_stands_alone(any_story):
    text = page(any_story)
    reader = Reader(text)
    assert len(reader.ids) == len(set(reader.ids))
    assert all(reference.startswith("#") and reference[1:] in reader.ids for reference in reader.references)
    for forbidden in ("http://", "https://", "url(", "@import", "<script", "<link", "<img", "#0a0b0c", "DejaVu"):
        assert forbidden not in text
    assert reader.headings[0] == 1
    assert reader.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(reader.headings, reader.headings[1:]))
    assert all(attrs.get("scope") for tag, attrs in reader.seen if tag == "th")
    assert all(attrs["role"] == "img" and attrs["aria-label"] for tag, attrs in reader.seen if tag == "svg")
    assert ("main", {}) in reader.seen


def test_what_comes_from_data_is_escaped(story, judged):
    evil = "<script>alert('&\"')</script>"
    of = judged(labels=[evil, "a&b", 'c"d'], names=[evil] * 60)
    data = DataSet(name=evil, sequences=60, channels=3, counts={evil: 60}, about=evil)
    text = page(
        story(
            judged=of,
            title=evil,
            model={evil: evil},
            summary=evil,
            training_data=data,
            test_data=data,
            ending=evil,
            times={evil: 1.0},
            model_path=evil,
            python=evil,
            shell=evil,
            versions={evil: evil},
            date=evil,
            machine=evil,
            command=evil,
            history={evil: [1.0, 2.0]},
        )
    )
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(&#x27;&amp;&quot;&#x27;)&lt;/script&gt;") > 20
    assert evil in Reader(text).words


def test_what_no_file_can_hold_is_replaced(story, tmp_path):
    path = write_report(tmp_path / "report.html", story(title="a\ud800b\x00c"))
    assert "a\ufffdb\ufffdc" in path.read_text("utf-8")


def test_the_same_story_gives_the_same_bytes_in_another_process(story):
    text = page(story(networks=3))
    assert text == page(story(networks=3))
    # hash seeds differ between processes
    code = (
        "import hashlib, importlib.util as u\n"
        f"s = u.spec_from_file_location('c', {__file__.replace('test_page', 'conftest')!r})\n"
        "m = u.module_from_spec(s); s.loader.exec_module(m)\n"
        "from mnemon.report._page import page\n"
        "print(hashlib.sha256(page(m.make_story(networks=3)).encode()).hexdigest())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert out == hashlib.sha256(text.encode()).hexdigest()


def test_settings_of_matplotlib_are_neither_heeded_nor_changed(story):
    import matplotlib

    text = page(story())
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.hashsalt": "x"}):
        before = dict(matplotlib.rcParams)
        assert page(story()) == text
        assert dict(matplotlib.rcParams) == before


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = "import sys, mnemon.report; print({'matplotlib', 'jax', 'sklearn'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "set()"


def test_is_small(story, judged):
    assert len(page(story(judged=judged(9, n=370, wrong=0.05), networks=20, epochs=500)).encode()) < 400_000


@pytest.mark.parametrize(
    "absent",
    [
        "model", "summary", "training_data", "test_data", "ending", "history", "best_epoch", "times", "model_path",
        "python", "shell", "versions", "date", "machine", "command", "seed",
    ],
)  # fmt: skip
def test_each_part_may_be_absent(story, absent):
    default = Story.__dataclass_fields__[absent]
    nothing = {"model": {}, "history": {}, "times": {}, "versions": {}}.get(absent, default.default)
    words = Reader(page(story(**{absent: nothing}))).words
    assert not re.search(r"\b(None|nan)\b", words)


@pytest.mark.parametrize("absent", ["probabilities", "lengths", "names", "sequences"])
def test_each_part_of_the_judged_may_be_absent(story, judged, absent):
    text = page(story(judged=judged(**{absent: None})))
    assert ('id="lengths"' in text) == (absent != "lengths")
    assert ("least probability" in text) == (absent != "probabilities")
    assert ('class="sketch"' in text) == (absent != "sequences")
    assert ("sequence 3" in text or "recording" in text) or absent == "names"


@pytest.mark.parametrize("given", [{"loss"}, {"validation_score"}, {"seconds"}, {"loss", "epoch"}, set()])
def test_parts_of_the_history_may_be_absent(story, given):
    history = {"epoch": np.arange(3, 9), "loss": np.ones(6), "validation_score": np.zeros(6), "seconds": np.ones(6)}
    text = page(story(history={name: history[name] for name in given}, best_epoch=None))
    assert ('aria-label="Loss by epoch' in text) == ("loss" in given)
    assert ('aria-label="Validation score' in text) == ("validation_score" in given)
    assert ('id="learning"' in text) == bool(given)


def test_histories_of_one_epoch_and_with_gaps(story):
    page(story(epochs=1, best_epoch=1))
    loss = np.geomspace(10, 0.001, 30)[:, None] * np.ones(4)
    loss[5:, 0] = loss[20:, 1:3] = np.nan
    loss[:, 3] = np.inf
    page(story(history={"loss": loss, "validation_loss": np.full(30, np.nan)}, best_epoch=[4, 19, 19, 1]))


def test_classes_that_the_model_does_not_know_are_told(story):
    of = Judged(classes=["a", "b"], y_true=["a", "b", "c"], y_pred=["a", "b", "a"], probabilities=[[1, 0]] * 3)
    words = Reader(page(story(judged=of))).words
    assert "not known to the model" in words
    assert "c taken for a (1 time)" in words
    assert "true c given 0%" in words


def test_odd_sequences_are_drawn(story):
    random = np.random.default_rng(0)
    odd = [random.normal(size=(5000, 2)), np.zeros((0, 2)), np.full((4, 2), np.nan), np.ones((1, 2)), np.arange(9.0)]
    of = Judged(classes=[0, 1], y_true=[0] * 6, y_pred=[1] * 5 + [0], sequences=[*odd, np.ones((3, 40))])
    text = page(story(judged=of))
    assert text.count('class="sketch"') == 5
    assert len(text) < 150_000
    assert "nan" not in "".join(re.findall(r' d="[^"]*"', text))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_what_is_behind_them(scheme):
    light, dark = re.findall(r":root \{(.*?)\}", style(), flags=re.S)
    found = dict(re.findall(r"--([\w-]+): ([^;]+);", light if scheme == "light" else light + dark))

    def colour(name):
        text = found[name]
        if "," in text:
            return np.array([int(part) for part in text.split(",")])
        digits = text[1:] if len(text) == 7 else "".join(2 * digit for digit in text[1:])
        return np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)])

    def contrast(one, other):
        def luminance(rgb):
            linear = np.where(rgb / 255 <= 0.04045, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
            return linear @ [0.2126, 0.7152, 0.0722] + 0.05

        low, high = sorted([luminance(one), luminance(other)])
        return high / low

    for name in ("ink", "muted", "accent", "warm"):
        assert contrast(colour(name), colour("paper")) >= 4.5
    shade = float(found["shade"])
    for name in ("accent-rgb", "warm-rgb"):
        assert contrast(colour("ink"), shade * colour(name) + (1 - shade) * colour("paper")) >= 4.5
    assert contrast(colour("ink"), colour("panel")) >= 4.5

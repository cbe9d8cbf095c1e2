"""A character model of tiny Shakespeare: how many nats a character, in how much time, and what it writes.

    MNEMON_DATA=FOLDER python benchmarks/text.py [--quick] [--out docs/results/text.md]

The text (`$MNEMON_DATA/text/tinyshakespeare.txt`, 1.1 million characters of 65 kinds) is cut 90/5/5 in order. One LSTM
of 256 units is trained on windows of 128 characters. After each epoch it is judged on the second part, in windows too;
the figures below the curve are of the whole second and third part, read as one sequence each. The third part is read
once, at the end, and chose nothing.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from _timing import machine

import mnemon
from mnemon import SequencePredictor
from mnemon.data import read_text
from mnemon.learning import Progress

SETTINGS: dict[str, Any] = {
    "cell": "lstm", "units": 256, "window": 128, "batch_size": 32, "learning_rate": 0.003, "dropout": 0.1,
    "epochs": 16, "random_state": 0,
}  # fmt: skip
PROMPT = "ROMEO:\n"


def main() -> None:
    """Train, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2 epochs of 32 units: whether it runs")
    parser.add_argument("--out", type=Path, help="write the figures and a sample as Markdown")
    options = parser.parse_args()
    if "MNEMON_DATA" not in os.environ:
        sys.exit("MNEMON_DATA names no folder with text/tinyshakespeare.txt")
    path = Path(os.environ["MNEMON_DATA"]) / "text" / "tinyshakespeare.txt"
    train, validation, test = read_text(path, split=(0.9, 0.05, 0.05))
    settings = SETTINGS | ({"units": 32, "epochs": 2} if options.quick else {})
    curve: list[Progress] = []

    def watch(now: Progress) -> None:
        curve.append(now)
        print(f"epoch {now.epoch}: {now.loss:.3f}, {now.validation_loss:.3f}, {now.seconds:.0f} s", file=sys.stderr)

    begun = time.perf_counter()
    predictor = SequencePredictor(**settings, callbacks=[watch]).fit(train.X, validation_data=validation.X)
    minutes = (time.perf_counter() - begun) / 60
    told = {name: -predictor.score(part.X) for name, part in (("validation", validation), ("test", test))}
    sample = PROMPT + predictor.generate(PROMPT, 600, temperature=0.7, random_state=0)
    text = "\n".join([
        "# A character model of tiny Shakespeare",
        "",
        f"`python benchmarks/text.py{' --quick' if options.quick else ''}` on {machine()}; Mnemon "
        f"{mnemon.__version__}. "
        f"One network, {predictor.network_.weight_count():,} weights: "
        f"`SequencePredictor({', '.join(f'{k}={v!r}' for k, v in settings.items())})`.",
        "",
        f"**{told['validation']:.3f} nats a character** on the validation part ({told['test']:.3f} on the test part), "
        f"after {minutes:.1f} minutes, {predictor.seconds_['compile']:.0f} s of which is compilation.",
        "",
        "| epoch | training, nats | validation in windows, nats | seconds |",
        "| --- | --- | --- | --- |",
        *(f"| {now.epoch} | {now.loss:.3f} | {now.validation_loss:.3f} | {now.seconds:.0f} |" for now in curve),
        "",
        f"What it writes after `{PROMPT!r}` at temperature 0.7:",
        "",
        "```text",
        sample,
        "```",
        "",
    ])  # fmt: skip
    print(text)
    if options.out:
        options.out.write_text(text)


if __name__ == "__main__":
    main()

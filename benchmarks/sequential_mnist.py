"""Handwritten digits read row by row: 28 steps of 28 pixels, an LSTM of 128 units.

    MNEMON_DATA=FOLDER python benchmarks/sequential_mnist.py [--order rows|pixels] [--quick] [--out FILE]

The 60,000 training images of MNIST (`$MNEMON_DATA/mnist`) for a fixed number of epochs; 10,000 test images are read
once, at the end. Nothing was chosen by test data: the rate and the epochs are round numbers, fixed before the run.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from _timing import machine

import mnemon
from mnemon import SequenceClassifier
from mnemon.data import read_idx

SETTINGS: dict[str, Any] = {
    "cell": "lstm", "units": 128, "epochs": 10, "batch_size": 128, "learning_rate": 0.002, "dropout": 0.1,
    "standardize": False, "random_state": 0,
}  # fmt: skip


def main() -> None:
    """Train, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--order", choices=("rows", "pixels"), default="rows")
    parser.add_argument("--quick", action="store_true", help="one epoch of 2,000 images: whether it runs")
    parser.add_argument("--out", type=Path, help="write the figures as Markdown")
    options = parser.parse_args()
    if "MNEMON_DATA" not in os.environ:
        sys.exit("MNEMON_DATA names no folder with mnist/")
    folder = Path(os.environ["MNEMON_DATA"]) / "mnist"
    train, test = (read_idx(folder / f"{part}-images-idx3-ubyte.gz", order=options.order) for part in ("train", "t10k"))
    X, y = (train.X[:2000], train.y[:2000]) if options.quick else (train.X, train.y)
    settings = SETTINGS | ({"epochs": 1} if options.quick else {})
    told: list[str] = []

    def watch(now: mnemon.learning.Progress) -> None:
        told.append(f"| {now.epoch} | {now.loss:.4f} | {now.seconds:.0f} |")
        print(told[-1], file=sys.stderr)

    begun = time.perf_counter()
    classifier = SequenceClassifier(**settings, callbacks=[watch]).fit(X, y)
    minutes = (time.perf_counter() - begun) / 60
    accuracy = classifier.score(test.X, test.y)
    text = "\n".join([
        f"# Sequential MNIST by {options.order}",
        "",
        f"`python benchmarks/sequential_mnist.py --order {options.order}{' --quick' if options.quick else ''}` on "
        f"{machine()}; Mnemon {mnemon.__version__}. One network, {classifier.network_.weight_count():,} weights: "
        f"`SequenceClassifier({', '.join(f'{k}={v!r}' for k, v in settings.items())})`.",
        "",
        f"**Test accuracy {accuracy:.4f}** after {settings['epochs']} epochs, {minutes:.1f} minutes of training, "
        f"{classifier.seconds_['compile']:.0f} s of which is compilation.",
        "",
        "| epoch | training loss | seconds |",
        "| --- | --- | --- |",
        *told,
        "",
    ])  # fmt: skip
    print(text)
    if options.out:
        options.out.write_text(text)


if __name__ == "__main__":
    main()

"""Test accuracy on three archives: the defaults, and a recipe chosen by cross-validation on the training part alone.

    MNEMON_DATA=FOLDER python benchmarks/accuracy.py [--quick] [--out docs/results/accuracy.md]

Official splits. For each archive every candidate below is judged by 5-fold stratified cross-validation within the
training part; the one of smallest log loss is the recipe. Only then are the defaults and the recipe trained on the
whole training part, with 5 seeds each, and judged once on the test part. JapaneseVowels ships with the package;
GunPoint and ItalyPowerDemand are read from `$MNEMON_DATA/uea_ts` and left out where that folder is absent.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from _timing import machine
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

import mnemon
from mnemon import SequenceClassifier
from mnemon.data import Dataset, japanese_vowels, read_ts

SEEDS = range(5)
CANDIDATES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "lstm, both ways, max": {"bidirectional": True, "readout": "max", "n_networks": 5},
    "gru, both ways, max": {"cell": "gru", "bidirectional": True, "readout": "max", "n_networks": 5},
    "lstm, both ways, max, small batches": {
        "bidirectional": True, "readout": "max", "n_networks": 5, "batch_size": 8, "epochs": 120,
    },
    "gru, both ways, max, small batches": {
        "cell": "gru", "bidirectional": True, "readout": "max", "n_networks": 5, "batch_size": 8, "epochs": 120,
    },
    "lstm, both ways, attention, small batches": {
        "bidirectional": True, "readout": "attention", "n_networks": 5, "batch_size": 8, "epochs": 120,
    },
}  # fmt: skip


def archives() -> dict[str, tuple[Dataset, Dataset]]:
    """Training and test part by name."""
    found = {"JapaneseVowels": japanese_vowels()}
    folder = Path(os.environ.get("MNEMON_DATA", "")) / "uea_ts"
    for name in ("GunPoint", "ItalyPowerDemand"):
        paths = [folder / name / f"{name}_{part}.ts" for part in ("TRAIN", "TEST")]
        if os.environ.get("MNEMON_DATA") and all(path.exists() for path in paths):
            found[name] = (read_ts(paths[0]), read_ts(paths[1]))
        else:
            print(f"{name} is left out: MNEMON_DATA names no folder with uea_ts/{name}", file=sys.stderr)
    return found


def cross_validated(settings: dict[str, Any], train: Dataset) -> tuple[float, float]:
    """Log loss and accuracy over 5 folds of the training part."""
    X, y = train.X, np.asarray(train.y)
    probabilities = np.zeros((len(y), len(np.unique(y))))
    for fold, (kept, out) in enumerate(StratifiedKFold(5, shuffle=True, random_state=0).split(y, y)):
        classifier = SequenceClassifier(**settings, random_state=fold).fit(X[kept], y[kept])
        probabilities[out] = classifier.predict_proba(X[out])
    classes = np.unique(y)
    return log_loss(y, probabilities, labels=classes), float((classes[probabilities.argmax(1)] == y).mean())


def tested(settings: dict[str, Any], train: Dataset, test: Dataset) -> list[float]:
    """Test accuracy for each seed."""
    return [
        float(SequenceClassifier(**settings, random_state=seed).fit(train.X, train.y).score(test.X, test.y))
        for seed in SEEDS
    ]


def main() -> None:
    """Choose, test, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="JapaneseVowels with the first two candidates only")
    parser.add_argument("--only", nargs="+", help="names of archives")
    parser.add_argument("--out", type=Path, help="write the tables as Markdown")
    options = parser.parse_args()
    sets = archives()
    sets = {k: v for k, v in sets.items() if not options.only or k in options.only}
    candidates = dict(list(CANDIDATES.items())[:2]) if options.quick else CANDIDATES
    sets = {"JapaneseVowels": sets["JapaneseVowels"]} if options.quick else sets

    head = ["| archive | setting | mean of 5 seeds | smallest | largest |", "| --- | --- | --- | --- | --- |"]
    results, choices = [], []
    begun = time.perf_counter()
    for name, (train, test) in sets.items():
        scores = {}
        for candidate, settings in candidates.items():
            scores[candidate] = cross_validated(settings, train)
            loss, accuracy = scores[candidate]
            choices.append(f"| {name} | {candidate} | {loss:.4f} | {accuracy:.4f} |")
            print(choices[-1], file=sys.stderr, flush=True)
        recipe = min(scores, key=lambda candidate: scores[candidate][0])
        for label, candidate in (("defaults", "defaults"), (f"recipe: {recipe}", recipe)):
            each = tested(candidates[candidate], train, test)
            results.append(f"| {name} | {label} | {np.mean(each):.4f} | {min(each):.4f} | {max(each):.4f} |")
            print(results[-1], file=sys.stderr, flush=True)
    minutes = (time.perf_counter() - begun) / 60
    text = [
        "# Test accuracy on three archives",
        "",
        f"`python benchmarks/accuracy.py{' --quick' if options.quick else ''}` on {machine()}; Mnemon "
        f"{mnemon.__version__}, {minutes:.0f} minutes. Official splits; the recipe is the candidate of smallest log "
        "loss in 5-fold cross-validation within the training part, and test data choose nothing.",
        "",
        *head,
        *results,
        "",
        "## What the recipes were chosen from",
        "",
        *(f"- {name}: `SequenceClassifier({', '.join(f'{k}={v!r}' for k, v in settings.items())})`"
          for name, settings in candidates.items()),
        "",
        "| archive | candidate | log loss | accuracy |",
        "| --- | --- | --- | --- |",
        *choices,
        "",
    ]  # fmt: skip
    print("\n".join(text))
    if options.out:
        options.out.write_text("\n".join(text))


if __name__ == "__main__":
    main()

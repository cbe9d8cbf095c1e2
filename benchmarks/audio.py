"""How long do features of sound take? An hour of recordings at once, and live, 10 ms at a time.

    python benchmarks/audio.py [seconds of sound]

Recordings of 3 s (wav, 16 kHz) are written to a temporary folder; times are the best of three and hold reading; work is
the time of one core, which a busy machine does not stretch. Live:
samples come in pieces of 10 ms; a frame's latency is the time of the call that hands it out (what slopes and
resampling have to wait for comes on top of it). Streams of one core: seconds of sound for each second of work. The last
line is of a classifier that says after each frame what holds so far.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from _timing import machine

from mnemon import SequenceClassifier
from mnemon.data.audio import MFCC, LogMel

RATE, LENGTH = 16000, 3.0
KINDS = {"MFCC": MFCC(RATE), "MFCC, energy, 2 deltas": MFCC(RATE, energy=True, deltas=2), "LogMel": LogMel(RATE)}


def recordings(folder: Path, seconds: float) -> list[Path]:
    """Files that sound long enough together: a tone that wanders, and noise."""
    random = np.random.default_rng(0)
    paths = []
    for k in range(max(int(seconds / LENGTH), 1)):
        steps = np.arange(int(RATE * LENGTH)) / RATE
        tone = 0.3 * np.sin(2 * np.pi * (100 + 20 * np.sin(3 * steps + k)) * steps)
        paths.append(folder / f"{k}.wav")
        soundfile.write(paths[-1], tone + 0.01 * random.standard_normal(len(steps)), RATE)
    return paths


def best_of_three(features: MFCC | LogMel, paths: list[Path]) -> tuple[float, float]:
    """Seconds for all of them, and seconds of work of this process."""
    times = []
    for _ in range(3):
        begun, worked = time.perf_counter(), time.process_time()
        features.transform(paths)
        times.append((time.perf_counter() - begun, time.process_time() - worked))
    return min(wall for wall, _ in times), min(work for _, work in times)


def live(features: MFCC | LogMel, rate: int, seconds: int = 20) -> tuple[np.ndarray, float]:
    """Seconds of each call, and seconds of work of all, for pieces of 10 ms."""
    stream, sound = features.stream(rate), np.random.default_rng(0).uniform(-0.5, 0.5, seconds * rate)
    pieces = np.split(sound.astype(np.float32), seconds * 100)
    times, worked = np.empty(len(pieces)), time.process_time()
    for k, piece in enumerate(pieces):
        begun = time.perf_counter()
        stream.push(piece)
        times[k] = time.perf_counter() - begun
    return times, time.process_time() - worked


def answered(features: MFCC, seconds: int = 20) -> tuple[np.ndarray, float]:
    """As `live`, with what an LSTM of 64 units says of every frame."""
    sounds = np.random.default_rng(0).uniform(-0.5, 0.5, (4, RATE)).astype(np.float32)
    model = SequenceClassifier(features=features, epochs=1, random_state=0).fit(list(sounds), [0, 1, 0, 1])
    frames, answers = features.stream(), model.predict_stream()
    answers.push(np.zeros(model.n_features_in_))  # compiles
    answers.reset()
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, seconds * RATE).astype(np.float32)
    pieces = np.split(sound, seconds * 100)
    times, worked = np.empty(len(pieces)), time.process_time()
    for k, piece in enumerate(pieces):
        begun = time.perf_counter()
        for frame in frames.push(piece):
            answers.push(frame)
        times[k] = time.perf_counter() - begun
    return times, time.process_time() - worked


def tell_live(name: str, times: np.ndarray, work: float) -> None:
    """A line of the table of what comes live."""
    middle, high, longest = np.quantile(times, (0.5, 0.99, 1.0)) * 1e3
    streams = 0.010 * len(times) / work
    print(f"| {name} | {middle:.3f} | {high:.3f} | {longest:.3f} | {streams:.0f} |", flush=True)


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3600.0
    print(f"{machine()}\n\n{seconds:g} s of sound in recordings of {LENGTH:g} s, 16 kHz\n")
    print(
        "| features | one process, s | its work, s | two processes, s | again from the cache, s |\n"
        + "| --- " * 5
        + "|"
    )
    with tempfile.TemporaryDirectory() as folder:
        paths = recordings(Path(folder), seconds)
        for name, features in KINDS.items():
            kept = type(features)(**{**features.get_params(deep=False), "cache": f"{folder}/kept"})
            kept.transform(paths)
            times = [*best_of_three(features, paths)]
            times.append(best_of_three(type(features)(**{**features.get_params(deep=False), "n_jobs": 2}), paths)[0])
            times.append(best_of_three(kept, paths)[0])
            print(f"| {name} | " + " | ".join(f"{one:.1f}" for one in times) + " |", flush=True)
    print("\n| live, pieces of 10 ms | median, ms | 99 % below, ms | longest, ms | streams of one core |")
    print("| --- " * 5 + "|")
    for name, features in KINDS.items():
        for rate in (RATE, 44100):
            tell_live(f"{name}, from {rate} Hz", *live(features, rate))
    tell_live("MFCC and an LSTM of 64 units that answers each frame", *answered(MFCC(RATE)))


if __name__ == "__main__":
    main()

"""Contestants in processes of their own that take turns, so that no library's idle threads cost another one time."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from _timing import Timed

# So many cases' programs are kept: those that make a network serve the next case again, and memory is not for ever.
CLEARED_AFTER = 16
LONG = 0.2  # seconds: a call that is timed well by one look
# Seconds between turns: threads of linear algebra libraries look out for more work for some thirty milliseconds, and
# would take the next one's core meanwhile.
REST = 0.05


class Worker:
    """A process that holds one library and times its calls when told to."""

    def __init__(self, script: str, name: str, **environment: str) -> None:
        self.name = name
        self.process: Any = subprocess.Popen(
            [sys.executable, script, "--worker", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
            text=True,
        )

    def ask(self, **words: Any) -> Any:
        """Send an order, wait for its answer."""
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with status {self.process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        """Let the process end."""
        self.process.stdin.close()
        self.process.wait()


def serve(name: str, make: Callable[..., Callable[[], Any]]) -> None:
    """What a worker does: make the call of a case and time it once, then time it as often as asked."""
    call: Callable[[], Any] = lambda: None  # noqa: E731
    made = 0
    for line in sys.stdin:
        order = json.loads(line)
        if "case" in order:
            made += 1
            if made % CLEARED_AFTER == 0 and "jax" in sys.modules:
                sys.modules["jax"].clear_caches()
            call = make(name, *order["case"])
            first, once = _seconds(call, 1), _seconds(call, 1)
            print(json.dumps([first, once if once > LONG else min(once, _seconds(call, 1))]), flush=True)
        else:
            if order["repeats"] > 1:
                call()  # the others had the caches
            print(json.dumps(_seconds(call, order["repeats"])), flush=True)


def take_turns(workers: Mapping[str, Worker], case: tuple[Any, ...], *, least: float, rounds: int) -> dict[str, Timed]:
    """Time all contestants on one case; each round lasts at least so many seconds for each of them."""
    begun = {name: worker.ask(case=case) for name, worker in workers.items()}
    repeats = {name: max(1, round(least / max(once, 1e-6))) for name, (_, once) in begun.items()}
    times: dict[str, list[float]] = {name: [] for name in workers}
    for _ in range(rounds):
        for name, worker in workers.items():
            time.sleep(REST)
            times[name].append(worker.ask(repeats=repeats[name]) / repeats[name])
    return {name: Timed(begun[name][0], tuple(times[name])) for name in workers}


def _seconds(call: Callable[[], Any], repeats: int) -> float:
    begun = time.perf_counter()
    for _ in range(repeats):
        call()
    return time.perf_counter() - begun

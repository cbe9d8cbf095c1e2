"""Running an experiment: what is missing is trained, in processes of its own, and appended as it ends.

Networks are trained in units of a fixed size, numbered from 0, so that neither the number of jobs nor where a run was
interrupted changes a number. Inside a unit, a checkpoint keeps what is half done.
"""

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

from .._version import __version__
from ..errors import InvalidInput
from ._account import Account
from ._experiment import Experiment, Run, mark_of
from ._results import Record, Results, pick

# Each process keeps to one core: several together are quicker than one that splits small products between cores. A
# single one does as well, unless JAX was at work in it before: split products differ in their last bits.
ONE_CORE = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


class Step(NamedTuple):
    """What is told while an experiment runs: units done and in all, the run that ended last, and its records."""

    done: int
    units: int
    run: Run | None
    records: list[Record]


def reproduce(
    experiment: Experiment,
    *,
    networks: int | None = None,
    lengths: Sequence[int] | None = None,
    seed: int = 0,
    jobs: int = 1,
    out: str | os.PathLike[str] = "results",
    resume: bool = False,
    quick: bool = False,
    render_only: bool = False,
    watch: Callable[[Step], object] | None = None,
) -> Account:
    """Run an experiment, or what is missing of it, and give its account.

    Args:
        experiment: one of `EXPERIMENTS`.
        networks: how many networks a run; the published number if None.
        lengths: which lengths of sequences; the published ones if None.
        seed: of everything; networks are numbered from 0 within it.
        jobs: processes at work, a core each; through joblib, whose backends (`joblib.parallel_config`) reach clusters
            too. With 1 the work is done in this process, which keeps to one core if JAX is first used here.
        out: folder of the results, a file of JSON lines a condition.
        resume: go on with results that are there.
        quick: the short form; its results are kept apart and said to be quick.
        render_only: train nothing; give the account of what is there.
        watch: called with a `Step` as each unit ends.

    Raises:
        InvalidInput: results that are there and not to be resumed, or are of another protocol; numbers that make no
            sense; nothing to render.

    """
    published = tuple(experiment.lengths[:1] if quick else experiment.lengths)
    wanted = published if lengths is None else tuple(dict.fromkeys(lengths))
    count = (8 if quick else experiment.networks) if networks is None else networks
    _check(experiment, wanted, count, jobs)
    folder = Path(out) / "quick" if quick else Path(out)
    runs = experiment.runs(wanted, quick)
    stores = {run.condition: Results(folder / f"{run.condition}.jsonl", mark_of(run)) for run in runs}
    before = {condition: store.read() for condition, store in stores.items()}
    if not render_only:
        units = [
            unit
            for run in runs
            for unit in _missing(run, experiment.networks_of(run, count), seed, before[run.condition])
        ]
        if not (resume or quick) and any(pick(before[run.condition], seed=seed, **run.place) for run in runs):
            raise InvalidInput(
                f"{folder}: there are results of this experiment; --resume goes on with them, --render-only shows "
                "them, and --out names another folder"
            )
        _train(units, seed, jobs, folder, stores, watch)
    records = {condition: store.read() for condition, store in stores.items()}
    shown: dict[str, list[Record]] = {condition: [] for condition in stores}
    for run in runs:
        here = pick(records[run.condition], seed=seed, **run.place)
        shown[run.condition] += [record for record in here if record["network"] < count]
    if not any(shown.values()):
        raise InvalidInput(f"{folder}: there are no results of {experiment.name} to render; run it first")
    account = experiment.account(shown, wanted, quick)
    return _with_provenance(account, experiment, shown, count, wanted, seed, asked=wanted != published)


def _check(experiment: Experiment, lengths: tuple[int, ...], networks: int, jobs: int) -> None:
    if networks < 1:
        raise InvalidInput(f"networks={networks}: expected at least 1")
    if jobs < 1:
        raise InvalidInput(f"jobs={jobs}: expected at least 1")
    if not lengths or min(lengths) < 1:
        raise InvalidInput(f"lengths={lengths}: expected positive lengths, as {experiment.lengths}")


def _missing(run: Run, networks: int, seed: int, records: list[Record]) -> list[tuple[Run, list[int]]]:
    """Units of a run that have networks without a record; only those are kept of what the unit trains."""
    there = {record["network"] for record in pick(records, seed=seed, **run.place)}
    units = []
    for first in range(0, networks, run.unit):
        members = list(range(first, min(first + run.unit, networks)))
        if any(member not in there for member in members):
            units.append((run, [member for member in members if member not in there]))
    return units


def _train(
    units: list[tuple[Run, list[int]]],
    seed: int,
    jobs: int,
    folder: Path,
    stores: dict[str, Results],
    watch: Callable[[Step], object] | None,
) -> None:
    if watch is not None:
        watch(Step(0, len(units), None, []))
    if not units:
        return
    folder.mkdir(parents=True, exist_ok=True)
    about = {"seed": seed, "version": __version__, "commit": _commit()}
    for done, (run, records) in enumerate(_ended(units, seed, jobs, folder), 1):
        stores[run.condition].append([{**run.place, **record, **about} for record in records])
        if watch is not None:
            watch(Step(done, len(units), run, records))


def _ended(
    units: list[tuple[Run, list[int]]], seed: int, jobs: int, folder: Path
) -> Iterator[tuple[Run, list[Record]]]:
    flags = f"{os.environ.get('XLA_FLAGS', '')} {ONE_CORE}".strip()
    with _environment("XLA_FLAGS", flags), _environment("MNEMON_THREADS", "1"):
        if jobs == 1:
            for run, members in units:
                yield _work(run, members, seed, folder)
            return
        from joblib import Parallel, delayed

        how: dict[str, Any] = {"return_as": "generator_unordered", "batch_size": 1, "pre_dispatch": "n_jobs"}
        ended: Any = Parallel(n_jobs=jobs, **how)(delayed(_work)(run, members, seed, folder) for run, members in units)
        yield from ended


def _work(run: Run, members: list[int], seed: int, folder: Path) -> tuple[Run, list[Record]]:
    """Train one unit, from its checkpoint where there is one."""
    place = "-".join(f"{value}" for value in run.place.values())
    checkpoint = folder / f".{run.condition}-{place}-{seed}-{members[0]}-{len(members)}.safetensors"
    begun = time.perf_counter()
    with threadpool_limits(1):  # of the libraries below NumPy and scikit-learn, as of XLA
        records = run.train(members, seed, checkpoint)
    checkpoint.unlink(missing_ok=True)
    share = (time.perf_counter() - begun) / len(records)
    return run, [{**record, "seconds": round(record.get("seconds", share), 4)} for record in records]


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """An environment variable, while new processes are started."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _commit() -> str | None:
    """The commit of the checkout that this is run from; None for an installed package."""
    try:
        said = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip() or None


def _with_provenance(
    account: Account,
    experiment: Experiment,
    records: dict[str, list[Record]],
    networks: int,
    lengths: tuple[int, ...],
    seed: int,
    *,
    asked: bool,
) -> Account:
    import dataclasses
    from importlib.metadata import version

    everything = [record for some in records.values() for record in some]
    commits = sorted({str(record["commit"]) for record in everything})
    versions = sorted({str(record["version"]) for record in everything})
    seconds = sum(record["seconds"] for record in everything)
    quick = " --quick" if account.quick else ""
    only = f" --lengths {' '.join(map(str, lengths))}" if asked else ""
    about = {
        "command": f"mnemon reproduce {experiment.name}{quick} --networks {networks}{only} --seed {seed}",
        "networks trained": f"{len(everything):,}",
        "time": f"{seconds:,.0f} core seconds in all",
        "Mnemon": ", ".join(versions),
        "commit": ", ".join(commits),
        "rendered with": f"JAX {version('jax')}, Python {platform.python_version()}",
        "settings": json.dumps({run.condition: mark_of(run) for run in experiment.runs(lengths, account.quick)}),
    }
    return dataclasses.replace(account, provenance={**about, **account.provenance})

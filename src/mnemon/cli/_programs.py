"""Compiled programs are kept from one command to the next: the second `mnemon fit` of a kind starts at once.

JAX reads its settings from the environment when it is imported, which the commands do late: nothing is imported here.
"""

import os
from pathlib import Path

SWITCH = "MNEMON_CACHE"
FOLDER, LEAST_SECONDS, MOST_BYTES = (
    "JAX_COMPILATION_CACHE_DIR",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS",
    "JAX_COMPILATION_CACHE_MAX_SIZE",
)


def keep_programs() -> None:
    """Name a folder for compiled programs in the environment, where the user names none.

    It is `MNEMON_CACHE`, or `mnemon` in the user's folder for caches (`XDG_CACHE_HOME`, `~/.cache`); at most 1 GB is
    kept. `MNEMON_CACHE=0` keeps nothing.
    """
    wish = os.environ.get(SWITCH, "")
    if wish == "0" or FOLDER in os.environ:
        return
    base = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    os.environ[FOLDER] = wish or str(Path(base) / "mnemon")
    os.environ.setdefault(LEAST_SECONDS, "0.2")
    os.environ.setdefault(MOST_BYTES, str(1 << 30))

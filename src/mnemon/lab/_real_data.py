"""Where real data lie that are no part of the package."""

import os
from pathlib import Path

from ..errors import InvalidInput


def real_data(name: str) -> Path:
    """The file or folder of this name in the folder that the environment variable MNEMON_DATA names.

    Raises:
        InvalidInput: there is no such thing.

    """
    path = Path(os.environ.get("MNEMON_DATA", "")) / name
    if "MNEMON_DATA" not in os.environ or not path.exists():
        raise InvalidInput(
            f"this experiment reads {Path(name).name}, which is not there; set MNEMON_DATA to a folder with {name}"
        )
    return path

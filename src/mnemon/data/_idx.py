"""Images in the IDX format of MNIST, as sequences of rows, columns or pixels.

A file is two zero bytes, a byte for the type (8: unsigned bytes), one for the number of axes, the length of each axis
as a big-endian 32-bit integer, and the values. Y. LeCun, C. Cortes and C. Burges, The MNIST database of handwritten
digits; pixel by pixel as a long-time-lag problem: Q. Le, N. Jaitly and G. Hinton, 2015, arXiv:1504.00941.
"""

import gzip
import math
import os
import zlib
from pathlib import Path

import numpy as np

from mnemon._files import existing
from mnemon.data._dataset import Dataset
from mnemon.errors import InvalidInput, suggest
from mnemon.sequences import Sequences

_ORDERS = ("rows", "columns", "pixels")


def read_idx(
    images: str | os.PathLike,
    labels: str | os.PathLike | None = None,
    *,
    order: str = "rows",
    permutation: int | None = None,
) -> Dataset:
    """Images and their labels, from IDX files (`.gz` or not).

    - `images`: a file of images (n, height, width).
    - `labels`: a file of labels (n,); None: beside the images, where the name is as MNIST's
      (`train-images-idx3-ubyte.gz`, `train-labels-idx1-ubyte.gz`).
    - `order`: "rows": a step a row, from above; "columns": a step a column, from the left; "pixels": a step a pixel,
      row after row.
    - `permutation`: with "pixels", the seed of one fixed order of pixels for all images.

    Values are float32 in [0, 1]; labels are integers. Raises `InvalidInput` for files that are missing, truncated or of
    another kind, and labels of another number.

    Example:
        >>> import pathlib, tempfile
        >>> from mnemon.data import read_idx
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "tiny-images-idx3-ubyte"
        >>> _ = path.write_bytes(bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 51, 255, 0]))
        >>> read_idx(path).X[0].round(3).tolist()  # two steps, a row of two pixels each
        [[0.0, 0.20000000298023224], [1.0, 0.0]]
        >>> read_idx(path, order="pixels").X
        Sequences(1 sequence, 1 channel, 4 steps)

    """
    if order not in _ORDERS:
        raise InvalidInput(f"order={order!r}: {suggest(str(order), _ORDERS)}")
    if permutation is not None and order != "pixels":
        raise InvalidInput(f"permutation={permutation}: pixels are permuted with order='pixels', not {order!r}")
    whole = isinstance(permutation, int | np.integer) and not isinstance(permutation, bool)
    if permutation is not None and not (whole and permutation >= 0):
        raise InvalidInput(f"permutation={permutation!r}: expected a seed, a whole number of at least 0")
    path = existing(images)
    pictures = _array(path, 3, "images (n, height, width)")
    if labels is None:
        labels = _beside(path)
    numbers = None
    if labels is not None:
        numbers = _array(existing(labels), 1, "labels (n,)").astype(np.int64)
        if len(numbers) != len(pictures):
            raise InvalidInput(f"{labels}: {len(numbers)} labels, but {path} holds {len(pictures)} images")
    if order == "columns":
        pictures = np.swapaxes(pictures, 1, 2)
    elif order == "pixels":
        pictures = pictures.reshape(len(pictures), -1, 1)
        if permutation is not None:
            pictures = pictures[:, np.random.default_rng(permutation).permutation(pictures.shape[1])]
    values = np.divide(pictures, np.float32(255), dtype=np.float32)
    X = Sequences(values, layout="channels_last")
    return Dataset(X, numbers, path.name.split("-")[0].split(".")[0], f"{path.name}, by {order}")


def _beside(images: Path) -> Path | None:
    """The file of labels beside one of images, packed or not."""
    name = images.name.replace("images", "labels").replace("idx3", "idx1")
    other = name.removesuffix(".gz") if name.endswith(".gz") else f"{name}.gz"
    found = [images.with_name(n) for n in (name, other) if name != images.name and images.with_name(n).is_file()]
    return found[0] if found else None


def _array(path: Path, axes: int, what: str) -> np.ndarray:
    """The unsigned bytes of a file, with so many axes."""
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidInput(f"{path}: truncated or damaged gzip file ({error}); fetch it anew") from None
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(data) < 4 or data[:2] != b"\0\0":
        raise InvalidInput(f"{path}: no IDX file: it does not begin with two zero bytes")
    if data[2] != 8:
        raise InvalidInput(f"{path}: holds values of type {data[2]:#04x}; unsigned bytes (0x08) are read")
    if data[3] != axes:
        raise InvalidInput(f"{path}: holds an array of {data[3]} axes; expected {what}")
    begin = 4 + 4 * axes
    if len(data) < begin:
        raise InvalidInput(f"{path}: ends within its header; fetch it anew")
    shape = tuple(int(size) for size in np.frombuffer(data, ">u4", axes, 4))
    if 0 in shape:
        raise InvalidInput(f"{path}: holds no values (shape {shape})")
    if len(data) - begin != math.prod(shape):
        raise InvalidInput(
            f"{path}: {len(data) - begin:,} values, but its header says {math.prod(shape):,} (shape {shape}); it is "
            "truncated or damaged"
        )
    return np.frombuffer(data, np.uint8, offset=begin).reshape(shape)

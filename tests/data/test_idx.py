"""Images as sequences: rows, columns, pixels; labels beside them; damaged files."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from mnemon.data import read, read_idx
from mnemon.errors import InvalidInput

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 4, 5), np.uint8)
LABELS = np.array([7, 0, 7], np.uint8)


def packed(array, kind=8):
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def images(tmp_path):
    (tmp_path / "tiny-labels-idx1-ubyte.gz").write_bytes(gzip.compress(packed(LABELS)))
    path = tmp_path / "tiny-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(packed(IMAGES)))
    return path


def test_orders(images):
    scaled = IMAGES.astype(np.float32) / np.float32(255)
    data = read_idx(images)
    assert data.X.dtype == np.float32
    assert data.y.tolist() == [7, 0, 7]
    assert "2 classes" in repr(data)
    np.testing.assert_array_equal(data.X[1], scaled[1])
    np.testing.assert_array_equal(read_idx(images, order="columns").X[1], scaled[1].T)
    pixels = read_idx(images, order="pixels")
    np.testing.assert_array_equal(pixels.X[2][:, 0], scaled[2].ravel())
    mixed = read_idx(images, order="pixels", permutation=3)
    for a, b in zip(mixed.X, pixels.X):  # one order for all
        np.testing.assert_array_equal(a[:, 0], b[np.random.default_rng(3).permutation(20), 0])


def test_files_by_their_names(images, tmp_path):
    assert read(images).X == read_idx(images).X
    plain = tmp_path / "x.bin"
    plain.write_bytes(packed(IMAGES))
    assert read_idx(plain).y is None
    assert read_idx(plain, tmp_path / "tiny-labels-idx1-ubyte.gz").y.tolist() == [7, 0, 7]


def test_labels_beside_may_be_packed_or_not(images):
    plain = images.with_suffix("")
    plain.write_bytes(packed(IMAGES))
    assert read(plain).y.tolist() == [7, 0, 7]
    images.with_name("tiny-labels-idx1-ubyte.gz").unlink()
    assert read(plain).y is None


@pytest.mark.parametrize(
    "data, words",
    [
        (b"PNG!", "does not begin with two zero bytes"),
        (packed(IMAGES)[:-3], "57 values, but its header says 60"),
        (packed(IMAGES)[:9], "ends within its header"),
        (packed(IMAGES, kind=13), "type 0x0d"),
        (packed(LABELS), "array of 1 axes; expected images"),
        (packed(IMAGES[:0]), "holds no values"),
        (gzip.compress(packed(IMAGES), mtime=0)[:-9], "truncated or damaged gzip"),
    ],
)
def test_damaged_files(data, words, tmp_path):
    path = tmp_path / "bad"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=words):
        read_idx(path)


def test_other_mistakes(images, tmp_path):
    with pytest.raises(InvalidInput, match=r"order='row': did you mean 'rows'"):
        read_idx(images, order="row")
    with pytest.raises(InvalidInput, match=r"permuted with order='pixels'"):
        read_idx(images, permutation=1)
    with pytest.raises(InvalidInput, match=r"permutation=-1: expected a seed"):
        read_idx(images, order="pixels", permutation=-1)
    few = tmp_path / "few"
    few.write_bytes(packed(LABELS[:2]))
    with pytest.raises(InvalidInput, match=r"2 labels, but .* holds 3 images"):
        read_idx(images, few)


@pytest.mark.skipif("MNEMON_DATA" not in os.environ, reason="MNEMON_DATA names no folder with mnist/")
def test_mnist():
    data = read(Path(os.environ["MNEMON_DATA"]) / "mnist" / "t10k-images-idx3-ubyte.gz")
    assert (len(data.X), data.X.n_channels) == (10000, 28)
    assert np.bincount(data.y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize("seed", [-1, 1.5, True, "3"])
def test_permutations_have_a_seed(images, seed):
    with pytest.raises(InvalidInput, match=r"expected a seed, a whole number of at least 0"):
        read_idx(images, order="pixels", permutation=seed)

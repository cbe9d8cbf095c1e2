"""Images read pixel by pixel."""

import jax
import numpy as np
import pytest

from mnemon.data import read_idx
from mnemon.errors import InvalidInput
from mnemon.problems import SequentialImages

BYTES = np.random.default_rng(0).integers(0, 256, (12, 3, 2), dtype=np.uint8)
LABELS = np.arange(12) % 4
KEY = jax.random.key(0)


def by_image(problem):
    """All images of a sample of all, sorted by label and pixels as they came."""
    xs, labels, _ = problem.sample(KEY, len(problem.images))
    return sorted((int(label), *x[:, 0].tolist()) for x, label in zip(xs, labels))


@pytest.mark.parametrize("permutation", [None, 0, 7])
def test_pixels_are_those_that_the_reader_gives(permutation, tmp_path):
    images = tmp_path / "some-images-idx3-ubyte"
    images.write_bytes(bytes([0, 0, 8, 3]) + np.array(BYTES.shape, ">i4").tobytes() + BYTES.tobytes())
    (tmp_path / "some-labels-idx1-ubyte").write_bytes(
        bytes([0, 0, 8, 1]) + np.array([12], ">i4").tobytes() + LABELS.astype(np.uint8).tobytes()
    )
    read = read_idx(images, order="pixels", permutation=permutation)
    expected = sorted((int(y), *x[:, 0].tolist()) for x, y in zip(read.X, read.y))
    how = {} if permutation is None else {"permuted": True, "seed": permutation}
    assert by_image(SequentialImages(BYTES, LABELS, **how)) == expected
    # the same from what the reader gives by rows
    rows = read_idx(images)
    assert by_image(SequentialImages(rows.X.pad()[0], rows.y, **how)) == expected


def test_a_sample_is_of_different_images_in_random_order():
    problem = SequentialImages(BYTES, np.arange(12))
    _, labels, _ = problem.sample(KEY, 8)
    assert len(set(labels)) == 8
    assert len({tuple(problem.sample(jax.random.key(k), 12).targets) for k in range(4)}) == 4
    assert (problem.output_size, problem.longest, problem.input_size) == (12, 6, 1)


def test_floats_stay_as_they_are():
    floats = BYTES.astype(np.float64) * 3 - 1
    assert by_image(SequentialImages(floats, LABELS)) == sorted(
        (int(y), *x.ravel().tolist()) for x, y in zip(floats, LABELS)
    )


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: SequentialImages(BYTES[0], LABELS), "expected images"),
        (lambda: SequentialImages(BYTES.astype(int), LABELS), "bytes or floats"),
        (lambda: SequentialImages(np.full((12, 3, 2), np.nan), LABELS), "NaN"),
        (lambda: SequentialImages(BYTES, LABELS[:5]), "expected 12 labels"),
        (lambda: SequentialImages(BYTES, LABELS - 1), "from 0"),
        (lambda: SequentialImages(BYTES, LABELS * 1.0), "whole numbers"),
        (lambda: SequentialImages(BYTES[:0], LABELS[:0]), "2 problems"),
        (lambda: SequentialImages(BYTES, LABELS, seed=-1), "seed=-1"),
        (lambda: SequentialImages(BYTES, LABELS).sample(KEY, 13), "n=13, but there are 12 images"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()

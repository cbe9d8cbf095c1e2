"""Tensors on the disk come back as they were."""

import numpy as np
import pytest

from mnemon._tensors import read_tensors, write_tensors


@pytest.mark.parametrize(
    "array",
    [np.float32(3.5), np.zeros((0, 3)), np.arange(6).reshape(2, 3).T, np.array([True, False])],
    ids=["scalar", "empty", "transposed", "truth"],
)
def test_an_array_keeps_its_shape_type_and_numbers(array, tmp_path):
    array = np.asarray(array)
    path = tmp_path / "a.safetensors"
    write_tensors(path, "model", {"a": array}, {"about": "a test"}, overwrite=False)
    tensors, words = read_tensors(path)
    assert words["about"] == "a test"
    assert tensors["a"].dtype == array.dtype
    assert tensors["a"].shape == array.shape
    np.testing.assert_array_equal(tensors["a"], array)

"""Compiled programs are kept between commands, in a folder that can be named."""

import os
import subprocess
import sys

import numpy as np
import pytest
from command_line import SMALL, write_ts
from safetensors.numpy import load_file

from mnemon.cli._programs import FOLDER, LEAST_SECONDS, keep_programs

NAMES = ("MNEMON_CACHE", "XDG_CACHE_HOME", "JAX_COMPILATION_CACHE_DIR", "JAX_COMPILATION_CACHE_MAX_SIZE")


@pytest.fixture
def environment(monkeypatch):
    """The environment, empty of all that names a folder; changes are undone."""
    for name in (*NAMES, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"):
        monkeypatch.setenv(name, "")  # so that it is restored
        monkeypatch.delenv(name)
    return monkeypatch


def test_the_folder_is_the_users_unless_one_is_named(environment, tmp_path):
    environment.setenv("XDG_CACHE_HOME", str(tmp_path))
    keep_programs()
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "mnemon")
    environment.delenv("JAX_COMPILATION_CACHE_DIR")
    environment.setenv("MNEMON_CACHE", str(tmp_path / "here"))
    keep_programs()
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "here")


def test_nothing_is_kept_where_that_is_wished_and_jax_own_setting_stands(environment):
    environment.setenv("MNEMON_CACHE", "0")
    keep_programs()
    assert "JAX_COMPILATION_CACHE_DIR" not in os.environ
    environment.delenv("MNEMON_CACHE")
    environment.setenv("JAX_COMPILATION_CACHE_DIR", "mine")
    keep_programs()
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == "mine"


@pytest.mark.slow
def test_a_second_command_finds_the_programs_of_the_first(tmp_path):
    write_ts(tmp_path / "toy.ts")
    environment = {**os.environ, "MNEMON_CACHE": str(tmp_path / "kept"), LEAST_SECONDS: "0"}
    environment.pop(FOLDER, None)  # the tests' own

    def fit(name):
        words = [sys.executable, "-m", "mnemon", "fit", "toy.ts", *map(str, SMALL), "--out", name]
        run = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        return run.stderr

    fit("one.safetensors")
    programs = {path.name for path in (tmp_path / "kept").iterdir() if path.name.endswith("-cache")}
    assert programs
    assert "warning" not in fit("two.safetensors").lower()
    assert {path.name for path in (tmp_path / "kept").iterdir() if path.name.endswith("-cache")} == programs
    one, two = (load_file(tmp_path / f"{name}.safetensors") for name in ("one", "two"))
    weights = [name for name in one if one[name].dtype == np.float32]  # those of the network among them
    assert weights
    for name in weights:
        np.testing.assert_array_equal(one[name], two[name])

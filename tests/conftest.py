"""One strict configuration for all tests, set before JAX and the package are imported."""

import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["MNEMON_CACHE"] = "0"  # commands that tests start leave nothing in the user's folders
if "XLA_FLAGS" not in os.environ:  # quicker to compile by a third; a JAX that does not know a flag aborts
    # Small programs in one piece: the cores are busy with other tests, and each piece costs.
    flags = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
    wanted = {**os.environ, "XLA_FLAGS": flags}
    tried = subprocess.run([sys.executable, "-c", "import jax; jax.devices()"], env=wanted, capture_output=True)
    os.environ["XLA_FLAGS"] = wanted["XLA_FLAGS"] if tried.returncode == 0 else ""
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    # What one worker, or a command that it starts, has compiled serves all: a small program is quicker to read than to
    # compile. Set by the process that starts the workers, which also tidies up.
    PROGRAMS = tempfile.TemporaryDirectory(prefix="mnemon-tests-")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = PROGRAMS.name
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"

import jax
import pytest
from jaxtyping import config as jaxtyping_config
from jaxtyping import install_import_hook

# Tracing makes very many objects and little garbage: looking for it a hundred times less saves a tenth of the time.
gc.set_threshold(50_000, 20, 100)

jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")
# Tests compile much and compute little: XLA leaves most of its optimisations out. In all tests alike, for they compare
# programs that should say the same bit for bit; optimised ones run in the commands that tests start.
jax.config.update("jax_disable_most_optimizations", True)

# The tables and reference values that tests share: `import table_of_cells`.
sys.path.insert(0, str(Path(__file__).parent / "fixtures"))

# Every array annotation of these rooms can be checked whenever a test passes through it.
install_import_hook(["mnemon.cells", "mnemon.layers"], "type_checker.checked")


@pytest.fixture
def float64():
    """Double precision, in this test only."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def unchecked(annotations):
    """Annotations unchecked, where a test asks what the package itself says of an argument of a wrong kind."""
    jaxtyping_config.update("jaxtyping_disable", True)


@pytest.fixture(autouse=True)
def annotations(request):
    """Annotations are checked in the tests of the rooms that they belong to; elsewhere they would cost a fifth."""
    checked = request.path.parent.name in ("cells", "layers")
    jaxtyping_config.update("jaxtyping_disable", not checked)
    yield
    jaxtyping_config.update("jaxtyping_disable", False)


@pytest.fixture(scope="module", params=["native", "XLA"])
def either_engine(request):
    """What a module asks of gradients, asked with the compiled kernels and without them."""
    import mnemon.kernels

    real = mnemon.kernels.why_not
    if request.param == "native" and real() is not None:
        pytest.skip(f"no native engine: {real()}")
    jax.clear_caches()  # a program compiled with the other engine must not serve
    if request.param == "XLA":
        mnemon.kernels.why_not = lambda: "switched off by a test"
    yield request.param
    mnemon.kernels.why_not = real
    jax.clear_caches()


# A process may hold so many maps of memory (65,530 on most systems); each compiled program takes a few.
MOST_MAPS = 30_000


@pytest.fixture(autouse=True, scope="module")
def programs():
    """Compiled programs are let go between files before they are more than the system will map."""
    yield
    maps = Path("/proc/self/maps")
    if not maps.exists() or maps.read_bytes().count(b"\n") > MOST_MAPS:
        jax.clear_caches()

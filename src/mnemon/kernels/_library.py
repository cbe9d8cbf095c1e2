"""The compiled library: found beside this file where the installation could compile it, and loaded on first use.

Everything runs without it, by the engines of XLA. `MNEMON_KERNELS=0` switches it off; `MNEMON_KERNEL_ISA=avx2` or
`plain` makes it use a narrower instruction set than the processor has.
"""

import ctypes
import functools
import os
from pathlib import Path
from typing import Any

import jax

NAME = "_native.so"
TARGETS = ("mnemon_forward", "mnemon_backward")
_POINTER, _WHOLE, _REAL = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "mnemon_engine": (ctypes.c_char_p, ()),
    "mnemon_kept": (_WHOLE, (_WHOLE,) * 4),
    "mnemon_stepper_new": (_POINTER, (*(_WHOLE,) * 5, _REAL, _WHOLE, _WHOLE, *(_POINTER,) * 4)),
    "mnemon_stepper_step": (None, (_POINTER,) * 5),
    "mnemon_stepper_seconds": (_REAL, (_POINTER, _WHOLE, *(_POINTER,) * 4)),
    "mnemon_stepper_delete": (None, (_POINTER,)),
}


@functools.cache
def _load() -> tuple[ctypes.CDLL | None, str | None]:
    """The library, or why there is none."""
    if os.environ.get("MNEMON_KERNELS", "1") == "0":
        return None, "MNEMON_KERNELS=0 switches it off"
    path = Path(__file__).with_name(NAME)
    if not path.exists():
        return None, "it was not compiled when Mnemon was installed (a C++17 compiler, GCC or Clang, does)"
    try:
        loaded = ctypes.CDLL(str(path))
        for target in TARGETS:
            jax.ffi.register_ffi_target(target, jax.ffi.pycapsule(getattr(loaded, target)), platform="cpu")
    except (OSError, AttributeError, RuntimeError) as error:
        return None, f"{path.name} cannot be loaded: {error}"
    for name, (result, arguments) in SIGNATURES.items():
        getattr(loaded, name).restype = result
        getattr(loaded, name).argtypes = arguments
    return loaded, None


def library() -> Any:
    """The loaded library, or None."""
    return _load()[0]


def why_not() -> str | None:
    """Why the native engine cannot be used here, in words; None where it can."""
    loaded, reason = _load()
    if loaded is None:
        return reason
    if jax.default_backend() != "cpu":
        return f"it runs on the CPU, and JAX is on {jax.default_backend()}"
    return None


def instruction_set() -> str:
    """The instruction set in use: "AVX-512", "AVX2" or "plain"."""
    return library().mnemon_engine().decode()


def threads() -> int:
    """Cores that this process may use; at most MNEMON_THREADS, where that is set."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        cores = os.cpu_count() or 1
    most = os.environ.get("MNEMON_THREADS", "")
    return max(1, min(cores, int(most))) if most.isdecimal() else cores

"""Compiles the native kernels when the package is installed from source; without a compiler it installs without them.

MNEMON_NATIVE=0 leaves them out, MNEMON_NATIVE=require makes a failure an error. CXX names the compiler.
"""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOM = Path("src/mnemon/kernels")
LIBRARY = ROOM / "_native.so"
FLAGS = [
    "-std=c++17", "-O3", "-fPIC", "-fvisibility=hidden",
    "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros",
]  # fmt: skip
AVX2 = ["-mavx2", "-mfma"]
AVX512 = [*AVX2, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"]
# Name of the table, name for people, bytes of a vector, flags.
PLAIN = ("engine_plain", "plain", 16, [])
WIDER = [("engine_avx2", "AVX2", 32, AVX2), ("engine_avx512", "AVX-512", 64, AVX512)]


class NativeKernels(BuildHookInterface):
    """Adds the compiled library to a wheel, or puts it into the source tree of an editable installation."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, or say why not."""
        wish = os.environ.get("MNEMON_NATIVE", "1")
        root = Path(self.root)
        made = root / LIBRARY
        if wish == "0":
            made.unlink(missing_ok=True)
            return
        try:
            if not _is_fresh(root):
                made.unlink(missing_ok=True)
                compile_library(root)
        except Exception as error:  # whatever a machine lacks: the package works without
            if wish == "require":
                raise
            print(f"Mnemon: native kernels left out, the XLA engine serves: {error}", file=sys.stderr)
            return
        system = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{system}"
        build_data["artifacts"].append(f"/{LIBRARY.as_posix()}")


def _is_fresh(root: Path) -> bool:
    """Whether the library in the source tree is newer than all it is made from."""
    made = root / LIBRARY
    sources = [root / "hatch_build.py", *(root / ROOM / "native").iterdir()]
    return made.exists() and all(made.stat().st_mtime > source.stat().st_mtime for source in sources)


def compile_library(root: Path) -> None:
    """Compile the library into the source tree.

    Raises:
        RuntimeError: no compiler, a system it is not written for, or an error of the compiler.

    """
    named = os.environ.get("CXX")
    compiler = named or next((c for c in ("c++", "g++", "clang++") if shutil.which(c)), None)
    if compiler is None:
        raise RuntimeError("there is no C++ compiler (c++, g++ or clang++, or the one that CXX names)")
    if sys.platform == "win32":
        raise RuntimeError("they are written for GCC and Clang, on Linux and macOS")
    import jaxlib  # the headers of its foreign function interface

    include = Path(jaxlib.__file__).parent / "include"
    source = root / ROOM / "native"
    engines = [PLAIN, *(WIDER if platform.machine().lower() in ("x86_64", "amd64") else [])]
    with tempfile.TemporaryDirectory() as folder:
        jobs = [
            [
                *FLAGS, *flags, f"-DMNEMON_BYTES={size}", f"-DMNEMON_ENGINE={table}", f'-DMNEMON_NAME="{name}"',
                "-c", str(source / "engine.cpp"), "-o", f"{folder}/{table}.o",
            ]
            for table, name, size, flags in engines
        ]  # fmt: skip
        jobs.append([*FLAGS, "-isystem", str(include), "-c", str(source / "entry.cpp"), "-o", f"{folder}/entry.o"])
        running = [subprocess.Popen([*compiler.split(), *job], stderr=subprocess.PIPE, text=True) for job in jobs]
        failed = [error for error, code in [(p.communicate()[1], p.wait()) for p in running] if code]
        if failed:
            raise RuntimeError(f"{compiler} failed:\n{failed[0][-2000:]}")
        objects = [job[-1] for job in jobs]
        made = f"{folder}/library.so"
        link = subprocess.run(
            [*compiler.split(), "-shared", "-pthread", *objects, "-o", made],
            capture_output=True,
            text=True,
            check=False,
        )
        if link.returncode:
            raise RuntimeError(f"{compiler} could not link:\n{link.stderr[-2000:]}")
        shutil.move(made, root / LIBRARY)

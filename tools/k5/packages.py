"""What this project needs from Debian, and what each package is for.

The one list behind `./k5 demo` (installs), `./k5 doctor` (reports) and the docs.
"""

from __future__ import annotations

import importlib.util
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from k5.errors import K5Error

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
MULTIARCH = tuple(Path("/usr/lib").glob("*-linux-gnu"))


@dataclass(frozen=True)
class Package:
    """`probe` says how to see that it is there: program:, module:, header: or file:."""

    name: str
    probe: str
    enables: str
    level: str  # run: for build and run; test: only for ./k5 test; extra: nice to have


def _qemu_riscv() -> str:
    """From Debian 13 on it is a package of its own."""
    try:
        version = platform.freedesktop_os_release().get("VERSION_ID", "")
    except OSError:
        version = ""
    return "qemu-system-riscv" if version >= "13" else "qemu-system-misc"


PACKAGES = (
    Package("gcc", "program:gcc", "the simulator's library", "run"),
    Package("cmake", "program:cmake", "the simulator's library", "run"),
    Package("ninja-build", "program:ninja", "every build", "run"),
    Package("pkg-config", "program:pkg-config", "finding Unicorn", "run"),
    Package("libelf-dev", "header:libelf.h", "the simulator's ELF loader", "run"),
    Package("libxxhash-dev", "header:xxhash.h", "the simulator's snapshots", "run"),
    Package("libc6-dev", "header:stdio.h", "the simulator's library", "run"),
    Package(
        "gcc-arm-none-eabi", "program:arm-none-eabi-gcc", "tasks and images for Cortex-M", "run"
    ),
    Package("python3-cffi", "module:cffi", "--engine hosted, `from k5 import Machine`", "run"),
    Package("python3-rich", "module:rich", "progress bars", "run"),
    Package(
        "qemu-system-arm", "program:qemu-system-arm", "--engine qemu, half of ./k5 bench", "run"
    ),
    Package("python3-capstone", "module:capstone", "the instruction in a fault record", "run"),
    Package(
        "gcc-riscv64-unknown-elf",
        "program:riscv64-unknown-elf-gcc",
        "tasks and images for RV32 boards",
        "test",
    ),
    Package(_qemu_riscv(), "program:qemu-system-riscv32", "--engine qemu on RV32 boards", "test"),
    Package("python3-numpy", "module:numpy", "./k5 campaign", "test"),
    Package("python3-distributed", "module:distributed", "./k5 campaign --scheduler", "test"),
    Package("python3-pygame", "module:pygame", "--gui, --screenshot", "test"),
    Package("fonts-dejavu-core", f"file:{FONT}", "--gui, --screenshot", "test"),
    Package("xvfb", "program:Xvfb", "the tests of --gui", "test"),
    Package("xdotool", "program:xdotool", "the tests of --gui", "test"),
    Package("xclip", "program:xclip", "the tests of --gui", "test"),
    Package("python3-jinja2", "module:jinja2", "./k5 campaign --report", "test"),
    Package("gdb-multiarch", "program:gdb-multiarch", "./k5 debug", "test"),
    Package("graphviz", "program:dot", "./k5 inspect --picture", "extra"),
    Package("libcmocka-dev", "header:cmocka.h", "the C tests", "test"),
    Package("python3-pytest", "module:pytest", "the Python tests", "test"),
    Package("clang", "program:clang", "the C tests under clang's sanitizers", "test"),
    Package("libclang-rt-dev", "clang-rt:", "the C tests under clang's sanitizers", "test"),
    Package("clang-format", "program:clang-format", "the format check", "test"),
    Package("clang-tidy", "program:clang-tidy", "static analysis", "test"),
    Package("cppcheck", "program:cppcheck", "static analysis", "test"),
    Package("mypy", "program:mypy", "static analysis of the tools", "test"),
    Package("gcovr", "program:gcovr", "coverage of the kernel", "test"),
)


def present(package: Package) -> bool:
    """Whether what the package brings is on this machine, however it came there."""
    kind, _, what = package.probe.partition(":")
    if kind == "program":
        return shutil.which(what) is not None
    if kind == "module":
        return importlib.util.find_spec(what) is not None
    if kind == "file":
        return Path(what).exists()
    if kind == "header":
        folders = [Path("/usr/include"), Path("/usr/local/include")]
        return any((folder / what).exists() for folder in folders)
    runtimes = Path("/usr/lib").glob("llvm-*/lib/clang/*/lib/linux/libclang_rt.asan*.a")
    return any(True for _ in runtimes)


def need(option: str, *names: str) -> None:
    """K5Error if what an option needs is not there, with the command that gets it."""
    lacking = [p.name for p in PACKAGES if p.name in names and not present(p)]
    if lacking:
        command = "apt-get install --no-install-recommends " + " ".join(lacking)
        raise K5Error(f"{option} needs {' and '.join(lacking)}: {command}")


def missing(levels: tuple[str, ...]) -> list[Package]:
    """Packages of these levels that are not there."""
    return [p for p in PACKAGES if p.level in levels and not present(p)]

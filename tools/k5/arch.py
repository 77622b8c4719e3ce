"""Instruction sets: which toolchain builds for them, with which flags."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from k5.errors import K5Error

EM_ARM, EM_RISCV = 40, 243  # ELF e_machine
_RV32 = ("zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1",
         *(f"a{n}" for n in range(8)), *(f"s{n}" for n in range(2, 12)),
         "t3", "t4", "t5", "t6", "pc")  # fmt: skip
# By their numbers in k5sim_registers().
REGISTERS = {"armv8m": (*(f"r{n}" for n in range(13)), "sp", "lr", "pc", "xpsr"), "rv32": _RV32}


@dataclass(frozen=True)
class Arch:
    """One folder of arch/."""

    name: str
    prefix: str  # of the toolchain's programs
    machine: int  # in ELF files
    title: str
    entry_bit: int  # what an entry address has beside the address
    first_line: int  # of the interrupt controller
    lines_macro: str  # tells the port how many lines the board has
    stack_limit: bool  # a register stops a stack at its end
    cpus: dict[str, list[str]]  # compiler flags of each CPU, for compiling and linking
    no_fpu: list[str]  # the same for code without floating point in hardware,
    fpu: list[str]  # and for that of tasks whose threads have the FPU

    def flags(self, cpu: str, fpu: bool = False) -> list[str]:
        """Compiler flags for one kind of code on a CPU."""
        return [*self.cpus[cpu], *(self.fpu if fpu else self.no_fpu)]


# Debian's RISC-V compiler has libraries for -march=rv32imac, which is without CSR instructions
# unless the old specification is asked for; with _zicsr in its name, it takes those of RV64.
# No unaligned accesses, on any board: FE310 has none, and one ELF file should suit all cores.
_RV32IMAC = [
    "-march=rv32imac",
    "-misa-spec=2.2",
    "-mabi=ilp32",
    "-mcmodel=medlow",
    "-msmall-data-limit=0",
    "-mstrict-align",
]
ARCHS = {
    "armv8m": Arch(
        name="armv8m",
        prefix="arm-none-eabi-",
        machine=EM_ARM,
        title="Arm",
        entry_bit=1,  # Thumb
        first_line=0,
        lines_macro="IRQ_LINES",
        stack_limit=True,
        cpus={"cortex-m33": ["-mcpu=cortex-m33", "-mthumb"]},
        no_fpu=["-mfloat-abi=soft"],
        # Arguments stay in the core's registers, so libk5 fits, too.
        fpu=["-mfloat-abi=softfp", "-mfpu=fpv5-sp-d16"],
    ),
    "rv32": Arch(
        name="rv32",
        prefix="riscv64-unknown-elf-",
        machine=EM_RISCV,
        title="RISC-V",
        entry_bit=0,
        first_line=1,
        lines_macro="PLIC_SOURCES",
        stack_limit=False,
        cpus={"rv32": _RV32IMAC, "sifive-e31": _RV32IMAC},
        no_fpu=[],
        fpu=[],
    ),
}
CPUS = tuple(cpu for arch in ARCHS.values() for cpu in arch.cpus)


def of(name: str) -> Arch:
    """The instruction set of a board."""
    return ARCHS[name]


def of_machine(machine: int) -> Arch | None:
    """The instruction set of an ELF file."""
    return next((arch for arch in ARCHS.values() if arch.machine == machine), None)


def tool(arch: Arch, name: str) -> str:
    """A program of the cross toolchain."""
    if not shutil.which(arch.prefix + name):
        raise K5Error(f"{arch.prefix}{name} is missing: `./k5 doctor` says what to install")
    return arch.prefix + name

"""Where the threads that train one network together wait for each other."""

import os

import numpy as np
from llvmlite import ir
from numba import types

from damcore._kernels.elementwise import IS_X86, compiled
from damcore._kernels.vectors import instruction
from damcore._kernels.work import CACHE_LINE

WORD = ir.IntType(64)
SPINS = 200  # pauses before a thread gives its core away: some microseconds
CAN_YIELD = hasattr(os, "sched_yield")  # not on Windows


def meeting_point() -> np.ndarray:
    """A count of arrivals that has a cache line of its own."""
    line = CACHE_LINE // 8
    memory = np.zeros(2 * line, np.int64)
    start = -memory.ctypes.data % CACHE_LINE // 8
    return memory[start : start + line]


@instruction
def _arrive(_context, address):
    """Add one to the count at an address; returns what it was. Whoever sees the new count sees all earlier work."""

    def generate(_, builder, __, args):
        pointer = builder.inttoptr(args[0], WORD.as_pointer())
        return builder.atomic_rmw("add", pointer, WORD(1), "acq_rel")

    return types.int64(address), generate


@instruction
def _arrived(_context, address):
    """The count at an address."""

    def generate(_, builder, __, args):
        return builder.load_atomic(builder.inttoptr(args[0], WORD.as_pointer()), "acquire", 8)

    return types.int64(address), generate


@instruction
def _pause(_context):
    """Tell the processor that this is a loop that waits."""
    return types.void(), _calling("llvm.x86.sse2.pause", ir.VoidType()) if IS_X86 else _nothing


@instruction
def _yield(_context):
    """Let another thread of the machine run on this core."""
    return types.void(), _calling("sched_yield", ir.IntType(32)) if CAN_YIELD else _nothing


def _calling(name, result):
    def generate(context, builder, _, __):
        module = builder.module
        function = module.globals.get(name) or ir.Function(module, ir.FunctionType(result, []), name)
        builder.call(function, [])
        return context.get_dummy_value()

    return generate


def _nothing(context, _builder, _signature, _args):
    return context.get_dummy_value()


@compiled()
def meet(point, n_threads):
    """Wait until all threads have come here as often as this one."""
    address = np.intp(point.ctypes.data)
    all_here = (_arrive(address) // n_threads + 1) * n_threads
    spins = 0
    while _arrived(address) < all_here:
        if spins < SPINS:
            _pause()
            spins += 1
        else:
            _yield()

"""What the compiled loops need of each element: bits, a tanh and an exp that vectorise, and no subnormal numbers.

The C library's tanh and exp are called one number at a time. These are straight lines of arithmetic without branches
or calls, so the compiler evaluates eight of them at once; they are within 3 units in the last place in float64.
"""

import inspect
import platform
from math import factorial, log
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from llvmlite import ir
from numba import njit, types

from damcore._kernels.vectors import instruction

# Adding this to a number below 2^51 leaves its whole part in the low bits of the sum.
ROUNDER = 1.5 * 2.0**52
LOG2_E = 1 / log(2)
# ln 2 in two parts; the upper one has 32 bits, so that its product with a whole k is exact.
LN2_HIGH = float.fromhex("0x1.62e42feep-1")
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
# (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2: the first term left out is below 2^-57 of e^r.
TAYLOR = tuple(1 / factorial(k) for k in range(13, 1, -1))
# log((1 + s) / (1 - s)) = 2 s + s^3 (2/3 + 2/5 s^2 + ...) for |s| <= 0.172: the first term left out is below 2^-63.
ARTANH = tuple(2 / k for k in range(23, 1, -2))
TINIEST, LARGEST = 2.0**-1022, float(np.finfo(np.float64).max)
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD  # of the float64 nearest to sqrt(1/2)

# What the compiler may do with sums and products. NaN and infinity stay what they are: overflow is a result.
PRODUCTS = {"contract"}  # join a product to a sum
SUMS = {"reassoc", "contract", "nsz", "arcp"}  # reorder sums and products, too

# Changes with any file of this folder: what is on disk was compiled from these.
SOURCES = max(file.stat().st_mtime_ns for file in Path(__file__).parent.rglob("*.py"))
PROCESS = uuid4().hex[:12]

IS_X86 = platform.machine() in ("x86_64", "AMD64")
FLUSH = 0x8040  # the two bits of the control register: subnormal results, and subnormal inputs, count as zero


def compiled(fastmath=SUMS, inline=False) -> Any:
    """Compile a function to run without the interpreter's lock; the machine code is kept on disk."""

    def compile_(function):
        # Type checkers of the test run wrap functions; the compiler wants what is inside.
        plain = inspect.unwrap(function)
        jitted: Any = njit(plain, fastmath=fastmath, error_model="numpy", cache=True, nogil=True, forceinline=inline)
        # numba's files on disk have two flaws. They are taken for fresh when only another file has changed, whose
        # functions are compiled into this one; hence an index for each state of our sources. And two processes that
        # compile for two dtypes at once can take the same file name, so that a third is given the wrong code; hence
        # names of each process's own.
        file = jitted._cache._cache_file
        file._index_path = f"{file._index_path.removesuffix('.nbi')}.{SOURCES:x}.nbi"
        file._data_name_pattern = file._data_name_pattern.replace("{number:d}", f"{{number:d}}-{PROCESS}")
        return jitted

    return compile_


@instruction
def bits(_context, x):
    """The 64 bits of a float64 as a whole number."""
    return types.int64(x), lambda _, builder, __, args: builder.bitcast(args[0], ir.IntType(64))


@instruction
def from_bits(_context, bits):
    """The float64 that has these 64 bits."""
    return types.float64(bits), lambda _, builder, __, args: builder.bitcast(args[0], ir.DoubleType())


@instruction
def wide_vectors(_context):
    """Let the function that calls this use the widest vectors the processor has.

    Compilers keep to half of them on purpose, for processors that slow down under full width; measured here the loops
    gain a fifth in float64 and a third in float32. Where there are no such vectors this does nothing.
    """

    def generate(context, builder, _, __):
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')  # llvmlite lists only attributes it knows
        return context.get_dummy_value()

    return types.void(), generate


@instruction
def _control(_context):
    """The floating-point control register of this thread."""

    def generate(_, builder, __, ___):
        slot = builder.alloca(ir.IntType(32))
        builder.call(_register(builder, "stmxcsr"), [slot])
        return builder.load(slot)

    return types.uint32(), generate


@instruction
def _set_control(_context, value):
    def generate(context, builder, _, args):
        slot = builder.alloca(ir.IntType(32))
        builder.store(args[0], slot)
        builder.call(_register(builder, "ldmxcsr"), [slot])
        return context.get_dummy_value()

    return types.void(types.uint32), generate


def _register(builder, name):
    kind = ir.FunctionType(ir.VoidType(), [ir.PointerType()])
    name = f"llvm.x86.sse.{name}"
    return builder.module.globals.get(name) or ir.Function(builder.module, kind, name)


@compiled()
def flush_subnormals():
    """From now on numbers too small for full precision are zero in this thread; returns what `restore` needs.

    A product that falls below 2^-126 (float32) or 2^-1022 (float64) costs a hundred times as much as any other on x86,
    and powers do so all the time: 0.05^30 in float32. What changes: an F(u), f(u) or gradient that plain arithmetic
    would keep with the few bits a subnormal number has is exactly zero. Other processors are left as they are.
    """
    if IS_X86:
        before = _control()
        _set_control(before | FLUSH)
        return before
    return np.uint32(0)


@compiled()
def restore(before):
    """Undo `flush_subnormals`."""
    if IS_X86:
        _set_control(before)


@compiled(PRODUCTS, inline=True)
def _split(y):
    """(k, q) with e^y = 2^k (1 + q), k whole and |q| < 0.42: y = k ln 2 + r, q = e^r - 1."""
    shifted = y * LOG2_E + ROUNDER
    k = shifted - ROUNDER
    r = (y - k * LN2_HIGH) - k * LN2_LOW
    # In pairs, and pairs of pairs: in a chain of twelve each step would wait for the one before.
    c, square = TAYLOR, r * r
    high = (c[0] * r + c[1]) * square + (c[2] * r + c[3])
    middle = (c[4] * r + c[5]) * square + (c[6] * r + c[7])
    low = (c[8] * r + c[9]) * square + (c[10] * r + c[11])
    tail = (high * (square * square) + middle) * (square * square) + low
    return bits(shifted) - bits(ROUNDER), r + r * r * tail


@compiled(PRODUCTS, inline=True)
def _power_of_two(k):
    """2^k for -1022 <= k <= 1023: k is put where a float64 keeps its exponent."""
    return from_bits((k + 1023) << 52)


@compiled(PRODUCTS, inline=True)
def exp(x):
    """e^x in float64; infinite above 709.78, NaN for NaN."""
    x = 710.0 if x > 710.0 else x
    x = -746.0 if x < -746.0 else x
    k, q = _split(x)
    half = k >> 1  # 2^1024 itself is no number, nor is 2^-1076
    return (1.0 + q) * _power_of_two(half) * _power_of_two(k - half)


@compiled(PRODUCTS, inline=True)
def tanh(x):
    """tanh x = -d / (2 + d) with d = e^(-2|x|) - 1, and the sign of x; NaN for NaN.

    d is formed without cancellation, so small x keep their full relative precision.
    """
    size = abs(x)
    size = 20.0 if size > 20.0 else size  # tanh is 1 to the last bit from 19.1
    k, q = _split(-2.0 * size)
    scale = _power_of_two(k)
    d = scale * q + (scale - 1.0)
    value = -d / (2.0 + d)
    return value if x > 0 else -value


@compiled(PRODUCTS, inline=True)
def log(x):
    """ln x of a normal float64, within 3 units in the last place; -708 for less, 0 included, and never infinite.

    x = 2^k f with f between sqrt(1/2) and sqrt 2.
    """
    x = x if x > TINIEST else TINIEST
    x = x if x < LARGEST else LARGEST
    k = (bits(x) - SQRT_HALF_BITS) >> 52
    f = from_bits(bits(x) - (k << 52))
    s = (f - 1.0) / (f + 1.0)
    c, square = ARTANH, s * s
    tail = c[0]
    for a in c[1:]:
        tail = tail * square + a
    high = float(k)
    return high * LN2_HIGH + (2.0 * s + (s * square * tail + high * LN2_LOW))

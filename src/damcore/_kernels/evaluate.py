"""The one loop that depends on the interaction, compiled for each: F and f of every memory's overlap.

n is a constant of the compiled code: a power is then a straight line of multiplications in registers. The rest of the
training is compiled once for all, is kept on disk, and reaches this loop through its address, so that a new n costs a
fifth of a second of compiling in each process.
"""

import inspect
from functools import cache

import numpy as np
from llvmlite import ir
from numba import cfunc, types
from numba.np.numpy_support import carray, from_dtype

from damcore._kernels.elementwise import SUMS, exp, wide_vectors
from damcore._kernels.vectors import instruction, load, spread, store, total, where_negative
from damcore._kernels.work import CACHE_LINE, EXPONENTIAL, LEAKY, RECTIFIED


@cache
def evaluator(kind: int, n: int, dtype: np.dtype):
    """The compiled loop for one interaction and dtype; its `address` is what `call_evaluator` takes.

    For `count` states s of one neuron and every memory k, with u = h[s, k] - 2 inner x[s] zeta[k]:
    f[s, k] = f(u) / n (f(u) for the exponential) and total[s] = sum_k F(u).
    """
    number, whole = from_dtype(dtype), types.intp
    array = types.CPointer(number)
    signature = types.void(whole, whole, array, array, array, array, array, number, number)
    loop = _exponential(dtype) if kind == EXPONENTIAL else _power(kind, n, dtype)
    # The type checkers of the test run wrap functions; the compiler wants what is inside.
    return cfunc(signature, fastmath=SUMS, error_model="numpy")(inspect.unwrap(loop))


def _power(kind: int, n: int, dtype: np.dtype):
    real, size = dtype.type, dtype.itemsize
    zero, one, degree, lowest = real(0), real(1), real(n), n - 1

    def look(count, width, x_, zeta_, h_, f_, total_, inner, slope):
        wide_vectors()
        x, zeta, sums = carray(x_, (count,)), carray(zeta_, (width,)), carray(total_, (count,))
        h, f = carray(h_, (count, width)), carray(f_, (count, width))
        of_zeta, of_h, of_f = np.intp(zeta.ctypes.data), np.intp(h.ctypes.data), np.intp(f.ctypes.data)
        nothing, ones, below, flat = spread(zero), spread(one), spread(slope), spread(slope / degree)
        for s in range(count):
            shift = spread((inner + inner) * x[s])
            summed = nothing
            for line in range(0, width * size, CACHE_LINE):
                u = load(of_h + line, zero) - shift * load(of_zeta + line, zero)
                # By repeated squaring, so that factors of two in u come out exactly.
                power, square, bits = ones, u, lowest
                while bits > 0:
                    if bits & 1:
                        power = power * square
                    bits >>= 1
                    if bits > 0:
                        square = square * square
                # NaN is not below zero and goes through.
                if kind == RECTIFIED:
                    power = where_negative(u, nothing, power)
                if kind == LEAKY:
                    summed += where_negative(u, below, power) * u
                    power = where_negative(u, flat, power)
                else:
                    summed += power * u
                store(of_f + line, power)
            sums[s] = total(summed)
            of_h += width * size
            of_f += width * size

    return look


def _exponential(dtype: np.dtype):
    real = dtype.type
    zero = real(0)

    def look(count, width, x_, zeta_, h_, f_, total_, inner, _slope):
        wide_vectors()
        x, zeta, sums = carray(x_, (count,)), carray(zeta_, (width,)), carray(total_, (count,))
        h, f = carray(h_, (count, width)), carray(f_, (count, width))
        for s in range(count):
            shift = (inner + inner) * x[s]
            summed = zero
            for k in range(width):
                f[s, k] = real(exp(h[s, k] - shift * zeta[k]))
                summed += f[s, k]
            sums[s] = summed

    return look


@instruction
def call_evaluator(_context, address, count, width, x, zeta, h, f, total, inner, slope):
    """Call what `evaluator` compiled; arrays are given as the addresses of their data."""

    def generate(context, builder, _, args):
        address, *numbers = args[:3]
        arrays = [builder.inttoptr(data, ir.PointerType()) for data in args[3:8]]
        given = [*numbers, *arrays, *args[8:]]
        function = ir.FunctionType(ir.VoidType(), [value.type for value in given])
        context.call_function_pointer(builder, builder.inttoptr(address, function.as_pointer()), given)
        return context.get_dummy_value()

    return types.void(address, count, width, x, zeta, h, f, total, inner, slope), generate

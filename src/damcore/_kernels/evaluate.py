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

from damcore._kernels.elementwise import SUMS, exp, instruction, wide_vectors

POLYNOMIAL, RECTIFIED, LEAKY, EXPONENTIAL = range(4)


@cache
def evaluator(kind: int, n: int, dtype: np.dtype):
    """The compiled loop for one interaction and dtype; its `address` is what `call_evaluator` takes.

    For `count` states s of one neuron and every memory k, with u = h[s, k] - 2 inner x[s] zeta[k]:
    f[s, k] = f(u) / n (f(u) for the exponential) and total[s] = sum_k F(u).
    """
    real = dtype.type
    zero, one, degree, lowest = real(0), real(1), real(n), n - 1
    number = from_dtype(dtype)
    array = types.CPointer(number)
    whole = types.intp

    def look(count, width, x_, zeta_, h_, f_, total_, inner, slope):
        wide_vectors()
        x, zeta, total = carray(x_, (count,)), carray(zeta_, (width,)), carray(total_, (count,))
        h, f = carray(h_, (count, width)), carray(f_, (count, width))
        for s in range(count):
            shift = (inner + inner) * x[s]
            summed = zero
            for k in range(width):
                u = h[s, k] - shift * zeta[k]
                if kind == EXPONENTIAL:
                    power = real(exp(u))
                    summed += power
                else:
                    # By repeated squaring, so that factors of two in u come out exactly.
                    power, square, bits = one, u, lowest
                    while bits > 0:
                        if bits & 1:
                            power = power * square
                        bits >>= 1
                        if bits > 0:
                            square = square * square
                    # NaN is not below zero and goes through.
                    if kind == RECTIFIED:
                        power = zero if u < zero else power
                    below = kind == LEAKY and u < zero
                    summed += (slope if below else power) * u
                    power = slope / degree if below else power
                f[s, k] = power
            total[s] = summed

    signature = types.void(whole, whole, array, array, array, array, array, number, number)
    plain = inspect.unwrap(look)  # as in `compiled`
    return cfunc(signature, fastmath=SUMS, error_model="numpy")(plain)


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

"""What recall and `energy_gap` need of an interaction, compiled for each: F(u) of every memory, or sums over them.

The gap is a sum of differences, one a memory, and not a difference of sums: a memory with a huge F that the neuron
does not touch must not drown the others. Its order is fixed (`ordered`). Of most gaps only the sign matters, and a
difference of sums in the fastest order tells it, unless their rounding errors leave it in doubt.
"""

import inspect
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import cfunc, njit, types
from numba.np.numpy_support import carray, from_dtype

from damcore._kernels.elementwise import wide_vectors
from damcore._kernels.evaluate import evaluator
from damcore._kernels.ordered import joined_difference
from damcore._kernels.vectors import instruction, load, size_of, spread, store, total, where_negative
from damcore._kernels.work import CACHE_LINE, EXPONENTIAL, LEAKY, POLYNOMIAL, RECTIFIED


@cache
def values(kind: int, n: int, dtype: np.dtype) -> int:
    """The address of the compiled loop that `call_evaluator` takes and that fills f with F(u) itself."""
    if kind == EXPONENTIAL:
        return evaluator(kind, n, dtype).address  # pyright: ignore[reportReturnType]
    number, whole = from_dtype(dtype), types.intp
    array = types.CPointer(number)
    loop = _values(n, dtype, _power(kind, n, dtype))
    return _address(loop, types.void(whole, whole, array, array, array, array, array, number, number))


@cache
def totals(kind: int, n: int, dtype: np.dtype) -> int:
    """The address of the compiled loop that `call_totals` takes; 0 where there is none, for the exponential.

    For `count` states s = rows[j] of one neuron, with u = h[s, k] - 2 inner x[s] zeta[k]: sums[j] = sum_k F(u) and
    sizes[j] = sum_k |F(u)|.
    """
    if kind == EXPONENTIAL:
        return 0
    number, whole = from_dtype(dtype), types.intp
    array, rows, sums = types.CPointer(number), types.CPointer(types.int64), types.CPointer(types.float64)
    loop = _totals(n, dtype, _power(kind, n, dtype), kind == RECTIFIED or (kind == POLYNOMIAL and n % 2 == 0))
    return _address(loop, types.void(whole, whole, rows, array, array, array, sums, sums, number, number))


def _address(loop, signature) -> Any:
    # The type checkers of the test run wrap functions; the compiler wants what is inside.
    return cfunc(signature, error_model="numpy")(inspect.unwrap(loop)).address


@cache
def _power(kind: int, n: int, dtype: np.dtype):
    """F(u) of a cache line of memories: f(u) / n with a u that is rounded once, times a u that is rounded twice.

    Squares are multiplied in the order that the compiler once chose: results that are kept were recalled so.
    """
    zero, one, degree = dtype.type(0), dtype.type(1), dtype.type(n)

    def power(h, shift, z, flat):
        joined, u = joined_difference(h, shift, z), h - shift * z
        f, square, bits = spread(one), joined, n - 1
        while bits > 0:
            if bits == 3 and kind == RECTIFIED:  # the largest square before the second largest
                f = f * (square * square) * square
                bits = 0
            else:
                if bits & 1:
                    f = f * square
                bits >>= 1
                if bits > 0:
                    square = square * square
        # NaN is not below zero and goes through.
        if kind == RECTIFIED:
            f = where_negative(joined, spread(zero), f)
        if kind == LEAKY:
            f = where_negative(joined, flat, f)
            return where_negative(u, f * u * spread(degree), f * u)
        return f * u

    return njit(error_model="numpy", forceinline=True)(inspect.unwrap(power))


def _values(n: int, dtype: np.dtype, power):
    size, zero, share = dtype.itemsize, dtype.type(0), dtype.type(1) / dtype.type(n)

    def look(count, width, x_, zeta_, h_, f_, _total, inner, slope):
        wide_vectors()
        x, zeta, of_h, of_f = carray(x_, (count,)), address_of(zeta_), address_of(h_), address_of(f_)
        flat = spread(slope * share)
        for s in range(count):
            shift = spread((inner + inner) * x[s])
            for line in range(zeta, zeta + width * size, CACHE_LINE):
                store(of_f, power(load(of_h, zero), shift, load(line, zero), flat))
                of_h += CACHE_LINE
                of_f += CACHE_LINE

    return look


def _totals(n: int, dtype: np.dtype, power, positive: bool):
    size, zero, share = dtype.itemsize, dtype.type(0), dtype.type(1) / dtype.type(n)

    def look(count, width, rows_, x_, zeta_, h_, sums_, sizes_, inner, slope):
        wide_vectors()
        rows, sums, sizes, x = (
            carray(rows_, (count,)),
            carray(sums_, (count,)),
            carray(sizes_, (count,)),
            carray(x_, (1,)),
        )
        zeta, of_h, row, flat = address_of(zeta_), address_of(h_), width * size, spread(slope * share)
        for j in range(0, count, 2):  # two states at once, which share zeta; the last one may be there twice
            k = min(j + 1, count - 1)
            s, t = rows[j], rows[k]
            shift_s, shift_t = spread((inner + inner) * x[s]), spread((inner + inner) * x[t])
            h_s, h_t = of_h + s * row, of_h + t * row
            sum_s = sum_t = size_s = size_t = spread(zero)
            for line in range(zeta, zeta + row, CACHE_LINE):
                z = load(line, zero)
                F = power(load(h_s, zero), shift_s, z, flat)
                sum_s += F
                if not positive:
                    size_s += size_of(F)
                F = power(load(h_t, zero), shift_t, z, flat)
                sum_t += F
                if not positive:
                    size_t += size_of(F)
                h_s += CACHE_LINE
                h_t += CACHE_LINE
            sums[j], sums[k] = total(sum_s), total(sum_t)
            sizes[j], sizes[k] = (sums[j], sums[k]) if positive else (total(size_s), total(size_t))

    return look


@instruction
def address_of(_context, pointer):
    """The address that a pointer holds."""
    return types.intp(pointer), lambda _, builder, __, args: builder.ptrtoint(args[0], ir.IntType(64))


@instruction
def call_totals(_context, address, count, width, rows, x, zeta, h, sums, sizes, inner, slope):
    """Call what `totals` compiled; arrays are given as the addresses of their data."""

    def generate(context, builder, _, args):
        address, *numbers = args[:3]
        arrays = [builder.inttoptr(data, ir.PointerType()) for data in args[3:9]]
        given = [*numbers, *arrays, *args[9:]]
        function = ir.FunctionType(ir.VoidType(), [value.type for value in given])
        context.call_function_pointer(builder, builder.inttoptr(address, function.as_pointer()), given)
        return context.get_dummy_value()

    return types.void(address, count, width, rows, x, zeta, h, sums, sizes, inner, slope), generate

"""The two loops of the log domain that depend on the interaction, compiled for each: F and f of every overlap, scaled.

Both take u = h[s, k] - 2 x[s] zeta[k] of one neuron for `count` states s and all memories k, without the inner factor.
They never leave the range: each power is taken of a number between -1 and 1. Sums have one fixed order.
"""

import inspect
from functools import cache

import numpy as np
from llvmlite import ir
from numba import cfunc, types
from numba.np.numpy_support import carray

from damcore._kernels.elementwise import PRODUCTS, exp, wide_vectors
from damcore._kernels.vectors import instruction, load, size_of, spread, store, total, where_negative
from damcore._kernels.work import CACHE_LINE, EXPONENTIAL, LEAKY, RECTIFIED

# The columns of `scales`, one row per state.
RAISED, LINEAR, POWER, PEAK = range(4)
N_ARRAYS = 8  # that either loop is given


@cache
def gap_terms(kind: int, n: int):
    """The loop that sums F over the memories: `sums[s]` = sum_k F and `sizes[s]` = sum_k |F|.

    F is in units of e^A, with A as in `blocks.choose_scales`. For a power it is POWER (u RAISED)^n, and below zero 0
    for the rectified F and u LINEAR for the leaky one; for the exponential it is e^(RAISED (u - PEAK)).
    """
    loop = _exponential_terms() if kind == EXPONENTIAL else _power_terms(kind, n)
    return _compile(loop)


@cache
def slope_terms(kind: int, n: int):
    """The loop for the derivative: `f[s, k]` = up[s, k] (u unit[s, k])^(n - 1), and below zero 0 or down[s, k].

    For the exponential f[s, k] = up[s, k] e^(RAISED (u - unit[s, k])).
    """
    loop = _exponential_slopes() if kind == EXPONENTIAL else _power_slopes(kind, n)
    return _compile(loop)


def _compile(loop):
    signature = types.void(types.intp, types.intp, *[types.CPointer(types.float64)] * N_ARRAYS)
    # The type checkers of the test run wrap functions; the compiler wants what is inside.
    return cfunc(signature, fastmath=PRODUCTS, error_model="numpy")(inspect.unwrap(loop))


def _power_terms(kind: int, n: int):
    lowest = n - 1

    def look(count, width, x_, zeta_, h_, scales_, sums_, sizes_, _, __):
        wide_vectors()
        x, zeta, scales = carray(x_, (count,)), carray(zeta_, (width,)), carray(scales_, (count, 4))
        sums, sizes = carray(sums_, (count,)), carray(sizes_, (count,))
        h = carray(h_, (count, width))
        of_zeta, of_h = np.intp(zeta.ctypes.data), np.intp(h.ctypes.data)
        nothing, ones = spread(0.0), spread(1.0)
        for s in range(count):
            shift = spread(x[s] + x[s])
            raised, linear, scale = spread(scales[s, RAISED]), spread(scales[s, LINEAR]), spread(scales[s, POWER])
            summed = size = nothing
            for line in range(0, width * 8, CACHE_LINE):
                u = load(of_h + line, 0.0) - shift * load(of_zeta + line, 0.0)
                y = u * raised
                power, square, bits = ones, y, lowest
                while bits > 0:
                    if bits & 1:
                        power = power * square
                    bits >>= 1
                    if bits > 0:
                        square = square * square
                F = power * y
                if kind == RECTIFIED:
                    F = where_negative(u, nothing, F)
                if kind == LEAKY:
                    F = where_negative(u, u * linear, F * scale)
                summed += F
                size += size_of(F)
            sums[s], sizes[s] = total(summed), total(size)
            of_h += width * 8

    return look


def _power_slopes(kind: int, n: int):
    lowest = n - 1

    def look(count, width, x_, zeta_, h_, unit_, up_, down_, f_, _):
        wide_vectors()
        x, zeta, h = carray(x_, (count,)), carray(zeta_, (width,)), carray(h_, (count, width))
        unit, up, down = carray(unit_, (count, width)), carray(up_, (count, width)), carray(down_, (count, width))
        f = carray(f_, (count, width))
        of_zeta, of_h, of_unit = np.intp(zeta.ctypes.data), np.intp(h.ctypes.data), np.intp(unit.ctypes.data)
        of_up, of_down, of_f = np.intp(up.ctypes.data), np.intp(down.ctypes.data), np.intp(f.ctypes.data)
        nothing, ones = spread(0.0), spread(1.0)
        for s in range(count):
            shift = spread(x[s] + x[s])
            for line in range(0, width * 8, CACHE_LINE):
                u = load(of_h + line, 0.0) - shift * load(of_zeta + line, 0.0)
                power, square, bits = ones, u * load(of_unit + line, 0.0), lowest
                while bits > 0:
                    if bits & 1:
                        power = power * square
                    bits >>= 1
                    if bits > 0:
                        square = square * square
                slope = power * load(of_up + line, 0.0)
                if kind == RECTIFIED:
                    slope = where_negative(u, nothing, slope)
                if kind == LEAKY:
                    slope = where_negative(u, load(of_down + line, 0.0), slope)
                store(of_f + line, slope)
            of_h += width * 8
            of_unit += width * 8
            of_up += width * 8
            of_down += width * 8
            of_f += width * 8

    return look


def _exponential_terms():
    def look(count, width, x_, zeta_, h_, scales_, sums_, sizes_, work_, _):
        wide_vectors()
        x, zeta, scales = carray(x_, (count,)), carray(zeta_, (width,)), carray(scales_, (count, 4))
        sums, sizes = carray(sums_, (count,)), carray(sizes_, (count,))
        h, work = carray(h_, (count, width)), carray(work_, (width,))
        of_work = np.intp(work.ctypes.data)
        for s in range(count):
            shift = x[s] + x[s]
            for k in range(width):
                work[k] = exp(scales[s, RAISED] * ((h[s, k] - shift * zeta[k]) - scales[s, PEAK]))
            summed = spread(0.0)
            for line in range(0, width * 8, CACHE_LINE):
                summed += load(of_work + line, 0.0)
            sums[s] = sizes[s] = total(summed)

    return look


def _exponential_slopes():
    def look(count, width, x_, zeta_, h_, unit_, up_, _down, f_, scales_):
        wide_vectors()
        x, zeta, h = carray(x_, (count,)), carray(zeta_, (width,)), carray(h_, (count, width))
        unit, up, f = carray(unit_, (count, width)), carray(up_, (count, width)), carray(f_, (count, width))
        scales = carray(scales_, (count, 4))
        for s in range(count):
            shift = x[s] + x[s]
            for k in range(width):
                f[s, k] = up[s, k] * exp(scales[s, RAISED] * ((h[s, k] - shift * zeta[k]) - unit[s, k]))

    return look


@instruction
def call_terms(_context, address, count, width, a, b, c, d, e, f, g, h):
    """Call what `gap_terms` or `slope_terms` compiled; arrays are given as the addresses of their data."""

    def generate(context, builder, _, args):
        given = [*args[1:3], *(builder.inttoptr(data, ir.PointerType()) for data in args[3:])]
        function = ir.FunctionType(ir.VoidType(), [value.type for value in given])
        context.call_function_pointer(builder, builder.inttoptr(args[0], function.as_pointer()), given)
        return context.get_dummy_value()

    return types.void(address, count, width, a, b, c, d, e, f, g, h), generate

"""What recall and `energy_gap` need of an interaction, in one fixed order of operations and compiled for each.

The gap is a sum of differences, one a memory, and not a difference of sums: a memory with a huge F that the neuron
does not touch must not drown the others. Recall and `energy_gap` both sum here, so their signs agree to the last bit.
"""

import inspect
from functools import cache
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import cfunc, njit, types
from numba.np.numpy_support import carray, from_dtype

from damcore._kernels.elementwise import wide_vectors
from damcore._kernels.evaluate import evaluator
from damcore._kernels.ordered import add_in_fours, four_zeros, joined_difference, total_of_four
from damcore._kernels.vectors import instruction, load, spread, store, where_negative
from damcore._kernels.work import CACHE_LINE, EXPONENTIAL, LEAKY, RECTIFIED


class Addresses(NamedTuple):
    """Of the compiled loops for one interaction and dtype."""

    exponential: int  # of `evaluate.evaluator`, which fills f with F(u) before the other two; 0 for powers
    sums: int  # for `call_sums`
    turn: int  # for `call_turn`


@cache
def addresses(kind: int, n: int, dtype: np.dtype) -> Addresses:
    """Compile, for one neuron and a state s, with u = h[s, k] - 2 inner x[s] zeta[k] for every memory k:

    sums: sums[j] = sum_k [F_h[s, k] - F(u)] for `count` states s = rows[j], memory k in the partial sum k mod 4.
    turn: h[s, k] = u and F_h[s, k] = F(u).
    """
    number, whole = from_dtype(dtype), types.intp
    array, rows, sums = types.CPointer(number), types.CPointer(types.int64), types.CPointer(types.float64)
    value = _value(kind, n, dtype)

    def compiled(loop, *arguments) -> int:
        # The type checkers of the test run wrap functions; the compiler wants what is inside.
        return cfunc(types.void(*arguments, number, number), error_model="numpy")(inspect.unwrap(loop)).address

    return Addresses(
        exponential=evaluator(kind, n, dtype).address if kind == EXPONENTIAL else 0,
        sums=compiled(_sums(n, dtype, value), whole, whole, rows, *[array] * 5, sums),
        turn=compiled(_turn(n, dtype, value), whole, *[array] * 5),
    )


def _value(kind: int, n: int, dtype: np.dtype):
    """F(u) of a cache line of memories, from the address of its h: f(u) / n times u.

    f has a u that is rounded once and its factor one that is rounded twice, and squares are multiplied as the compiler
    came to do it: results that are kept were recalled so.
    """
    zero, one, degree = dtype.type(0), dtype.type(1), dtype.type(n)

    def value(of_h, to_f, shift, z, flat):
        if kind == EXPONENTIAL:
            return load(of_h + to_f, zero)
        h = load(of_h, zero)
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

    return njit(error_model="numpy", forceinline=True)(inspect.unwrap(value))


def _sums(n: int, dtype: np.dtype, value):
    size, zero, share = dtype.itemsize, dtype.type(0), dtype.type(1) / dtype.type(n or 1)

    def look(count, width, rows_, x_, zeta_, h_, passed_, f_, sums_, inner, slope):
        wide_vectors()
        rows, sums, x = carray(rows_, (count,)), carray(sums_, (count,)), carray(x_, (width,))
        zeta, of_h = address_of(zeta_), address_of(h_)
        to_passed, to_f = address_of(passed_) - of_h, address_of(f_) - of_h
        row, flat = width * size, spread(slope * share)
        fours = count - count % 4
        for j in range(0, fours, 4):  # four states at once: each waits for its own sum only
            p, q, r, t = rows[j], rows[j + 1], rows[j + 2], rows[j + 3]
            shift_p, shift_q = spread((inner + inner) * x[p]), spread((inner + inner) * x[q])
            shift_r, shift_t = spread((inner + inner) * x[r]), spread((inner + inner) * x[t])
            p, q, r, t = of_h + p * row, of_h + q * row, of_h + r * row, of_h + t * row
            a = b = c = d = four_zeros()
            for line in range(zeta, zeta + row, CACHE_LINE):
                z = load(line, zero)
                a = add_in_fours(a, load(p + to_passed, zero) - value(p, to_f, shift_p, z, flat))
                b = add_in_fours(b, load(q + to_passed, zero) - value(q, to_f, shift_q, z, flat))
                c = add_in_fours(c, load(r + to_passed, zero) - value(r, to_f, shift_r, z, flat))
                d = add_in_fours(d, load(t + to_passed, zero) - value(t, to_f, shift_t, z, flat))
                p += CACHE_LINE
                q += CACHE_LINE
                r += CACHE_LINE
                t += CACHE_LINE
            sums[j], sums[j + 1] = total_of_four(a), total_of_four(b)
            sums[j + 2], sums[j + 3] = total_of_four(c), total_of_four(d)
        for j in range(fours, count):
            shift, p, a = spread((inner + inner) * x[rows[j]]), of_h + rows[j] * row, four_zeros()
            for line in range(zeta, zeta + row, CACHE_LINE):
                a = add_in_fours(a, load(p + to_passed, zero) - value(p, to_f, shift, load(line, zero), flat))
                p += CACHE_LINE
            sums[j] = total_of_four(a)

    return look


def _turn(n: int, dtype: np.dtype, value):
    size, zero, share = dtype.itemsize, dtype.type(0), dtype.type(1) / dtype.type(n or 1)

    def turn(width, x_, zeta_, h_, passed_, f_, inner, slope):
        wide_vectors()
        zeta, of_h = address_of(zeta_), address_of(h_)
        to_passed, to_f = address_of(passed_) - of_h, address_of(f_) - of_h
        shift, flat = spread((inner + inner) * carray(x_, (1,))[0]), spread(slope * share)
        for line in range(zeta, zeta + width * size, CACHE_LINE):
            z = load(line, zero)
            store(of_h + to_passed, value(of_h, to_f, shift, z, flat))
            store(of_h, load(of_h, zero) - shift * z)
            of_h += CACHE_LINE

    return turn


@instruction
def address_of(_context, pointer):
    """The address that a pointer holds."""
    return types.intp(pointer), lambda context, builder, _, args: builder.ptrtoint(args[0], ir.IntType(64))


@instruction
def call_sums(_context, address, count, width, rows, x, zeta, h, passed, f, sums, inner, slope):
    """Call `Addresses.sums`; arrays are given as the addresses of their data, x and zeta as those of one neuron."""
    arguments = (address, count, width, rows, x, zeta, h, passed, f, sums, inner, slope)
    return types.void(*arguments), _call(numbers=2, arrays=7)


@instruction
def call_turn(_context, address, width, x, zeta, h, passed, f, inner, slope):
    """Call `Addresses.turn` for one state and neuron."""
    return types.void(address, width, x, zeta, h, passed, f, inner, slope), _call(numbers=1, arrays=5)


def _call(numbers: int, arrays: int):
    def generate(context, builder, _, args):
        address, first = args[0], 1 + numbers
        pointers = [builder.inttoptr(data, ir.PointerType()) for data in args[first : first + arrays]]
        given = [*args[1:first], *pointers, *args[first + arrays :]]
        function = ir.FunctionType(ir.VoidType(), [value.type for value in given])
        context.call_function_pointer(builder, builder.inttoptr(address, function.as_pointer()), given)
        return context.get_dummy_value()

    return generate

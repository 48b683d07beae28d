"""Cache lines as single values: what the innermost loops are written in.

Left to itself the compiler makes wide instructions of a loop over one row, but not of a loop over several rows at once:
it cannot see that they do not overlap. Several at once is where the speed is, since a row they share is then loaded and
stored once for all. Processors with narrower registers use several of them for one `Vector`.

Addresses are of type np.intp. (`array.ctypes.data` alone is unsigned, and its sum with a signed number a float.)
"""

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from damcore._kernels.work import CACHE_LINE

INDEX = ir.IntType(32)


class Vector(types.Type):
    """As many numbers of type `element` as fill a cache line."""

    def __init__(self, element: types.Float):
        self.element = element
        self.lanes = 8 * CACHE_LINE // element.bitwidth
        super().__init__(f"vector({element}, {self.lanes})")


@register_model(Vector)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, ir.VectorType(manager.lookup(kind.element).get_value_type(), kind.lanes))


def instruction(function) -> Any:
    """numba's intrinsic: called without the first argument of `function`, which type checkers would miss."""
    return intrinsic(function)


@instruction
def load(_context, address, like):
    """The vector at an address, a multiple of 64; `like` is any number of its type."""
    vector = Vector(like)

    def generate(context, builder, _, args):
        pointer = builder.inttoptr(args[0], context.get_value_type(vector).as_pointer())
        return builder.load(pointer, align=CACHE_LINE)

    return vector(types.intp, like), generate


@instruction
def store(_context, address, vector):
    """Put a vector at an address, a multiple of 64."""

    def generate(context, builder, _, args):
        pointer = builder.inttoptr(args[0], args[1].type.as_pointer())
        builder.store(args[1], pointer, align=CACHE_LINE)
        return context.get_dummy_value()

    return types.void(types.intp, vector), generate


@instruction
def spread(_context, number):
    """A vector of one number."""
    vector = Vector(number)

    def generate(context, builder, _, args):
        kind = context.get_value_type(vector)
        nothing = ir.Constant(kind, ir.Undefined)
        first = builder.insert_element(nothing, args[0], INDEX(0))
        return builder.shuffle_vector(first, nothing, _lanes([0] * vector.lanes))

    return vector(number), generate


@instruction
def where_negative(_context, vector, then, otherwise):
    """Lane by lane `then` where `vector` is below zero, `otherwise` where it is not, or is NaN."""

    def generate(_, builder, __, args):
        zero = ir.Constant(args[0].type, [0.0] * vector.lanes)
        return builder.select(builder.fcmp_ordered("<", args[0], zero), args[1], args[2])

    return vector(vector, then, otherwise), generate


@instruction
def larger(_context, left, right):
    """Lane by lane the larger of two vectors, `right` where one is NaN."""

    def generate(_, builder, __, args):
        return builder.select(builder.fcmp_ordered(">", args[0], args[1]), args[0], args[1])

    return left(left, right), generate


@instruction
def size_of(_context, vector):
    """Lane by lane the absolute value."""

    def generate(_, builder, __, args):
        name, kind = f"llvm.fabs.v{vector.lanes}f{vector.element.bitwidth}", args[0].type
        function = builder.module.globals.get(name) or ir.Function(builder.module, ir.FunctionType(kind, [kind]), name)
        return builder.call(function, args)

    return vector(vector), generate


@instruction
def total(_context, vector):
    """The sum of a vector's numbers: one half is added to the other until one number is left."""

    def generate(_, builder, __, args):
        value, lanes = args[0], vector.lanes
        while lanes > 1:
            lanes //= 2
            low, high = _lanes(range(lanes)), _lanes(range(lanes, 2 * lanes))
            value = builder.fadd(builder.shuffle_vector(value, value, low), builder.shuffle_vector(value, value, high))
        return builder.extract_element(value, INDEX(0))

    return vector.element(vector), generate


def _lanes(which):
    return ir.Constant(ir.VectorType(INDEX, len(which)), list(which))


def _define(operation, name):
    @type_callable(operation)
    def _typed(_context):
        return lambda left, right: left if isinstance(left, Vector) and left == right else None

    @lower_builtin(operation, Vector, Vector)
    def _lowered(_context, builder, _, args):
        return getattr(builder, name)(*args)


for _operation, _name in {
    operator.add: "fadd",
    operator.iadd: "fadd",
    operator.sub: "fsub",
    operator.mul: "fmul",
}.items():
    _define(_operation, _name)

"""What a sum in one fixed order needs: four sums side by side, and differences that are rounded in a given way.

Where memories are +-1 many gaps are nearly zero, and a last bit decides where a neuron goes. So nothing here is left to
the compiler: each function stands for one order of operations.
"""

from llvmlite import ir
from numba import types
from numba.extending import models, register_model

from damcore._kernels.vectors import INDEX, _lanes, instruction

FOUR = 4
FOUR_DOUBLES = ir.VectorType(ir.DoubleType(), FOUR)


class Four(types.Type):
    """Four sums side by side, in float64."""

    def __init__(self):
        super().__init__("four")


@register_model(Four)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, FOUR_DOUBLES)


@instruction
def four_zeros(_context):
    """Four sums of nothing."""
    return Four()(), lambda *_: ir.Constant(FOUR_DOUBLES, [0.0] * FOUR)


@instruction
def add_in_fours(_context, sums, vector):
    """Add lane k of a vector to sum k mod 4, in the order of the lanes."""

    def generate(_, builder, __, args):
        value = args[0]
        for start in range(0, vector.lanes, FOUR):
            part = builder.shuffle_vector(args[1], args[1], _lanes(range(start, start + FOUR)))
            value = builder.fadd(value, part if part.type == FOUR_DOUBLES else builder.fpext(part, FOUR_DOUBLES))
        return value

    return sums(sums, vector), generate


@instruction
def total_of_four(_context, sums):
    """(a + b) + (c + d) of the sums a, b, c, d."""

    def generate(_, builder, __, args):
        a, b, c, d = (builder.extract_element(args[0], INDEX(k)) for k in range(FOUR))
        return builder.fadd(builder.fadd(a, b), builder.fadd(c, d))

    return types.float64(sums), generate


@instruction
def joined_difference(_context, left, factor, vector):
    """left - factor * vector, rounded once where the processor can do that in one step."""

    def generate(_, builder, __, args):
        left, factor, vector_ = args
        kind = left.type
        name = f"llvm.fmuladd.v{vector.lanes}f{vector.element.bitwidth}"
        function = builder.module.globals.get(name)
        if function is None:
            function = ir.Function(builder.module, ir.FunctionType(kind, [kind] * 3), name)
        return builder.call(function, [builder.fneg(factor), vector_, left])

    return vector(left, factor, vector), generate

"""Ask for memory before it is read, from compiled kernels.

A kernel that will look at a few far places of a large array soon waits some 100 ns for each of
them; asked for in time they come while it does something else.
"""

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray


def prefetch(words: NDArray[np.uint32], at: int) -> None:
    """Ask for the piece of an array around a position; says and changes nothing.

    Parameters
    ----------
    words
        Array that lies in one piece.
    at
        Position.
    """


@intrinsic
def _asked(_context: Any, words: Any, at: Any) -> Any:  # noqa: ANN401 - types of the compiler
    """Give LLVM's prefetch: read, into all caches, of data."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401
        array = context.make_array(signature.args[0])(context, builder, values[0])
        number, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        find: Any = cgutils.get_or_insert_function
        ask = find(builder.module, kind, "llvm.prefetch.p0i8")
        place = builder.bitcast(builder.gep(array.data, [values[1]]), byte)
        builder.call(ask, [place, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(words, types.intp), code


@overload(prefetch)
def _compiled(words: Any, at: Any) -> Any:  # noqa: ANN401 - types of the compiler
    asked: Any = _asked

    def ask(words: Any, at: Any) -> None:  # noqa: ANN401
        asked(words, at)

    return ask

/* Operators of two tensors, element by element, with broadcasting. */
#include "args.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

EMU_OP(Add)
    .input("x1", kNumber | kBool)
    .input("x2", same_as("x1"))
    .output("y", same_as("x1"))
    .layouts(Layouts::kPrivate)
    .shapes(broadcast)
    .body([](Args &a) { a.out(0, at::add(a.in(0), a.in(1))); });

}  // namespace

}  // namespace ascend_emu

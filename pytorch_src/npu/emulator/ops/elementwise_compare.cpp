/* Comparisons, logic and bits of two tensors, element by element, with broadcasting. */
#include "args.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

using Binary = at::Tensor (*)(const at::Tensor &, const at::Tensor &);

Defined compare(const char *op, DtypeSet types, Binary compute) {
  return Define(op)
      .input("x1", types)
      .input("x2", same_as("x1"))
      .output("y", ACL_BOOL)
      .shapes(broadcast)
      .body([compute](Args &a) { a.out(0, compute(a.in(0), a.in(1))); });
}

const Defined kCompare[] __attribute__((unused)) = {
    compare("Equal", kNumber | kBool, at::eq),
    compare("NotEqual", kReal, at::ne),
    compare("Greater", kReal, at::gt),
    compare("GreaterEqual", kReal, at::ge),
    compare("Less", kReal, at::lt),
    compare("LessEqual", kReal, at::le),
    compare("LogicalAnd", kBool, at::logical_and),
    compare("LogicalOr", kBool, at::logical_or),
};

EMU_OP(ApproximateEqual)
    .input("x1", kReal)
    .input("x2", same_as("x1"))
    .output("y", ACL_BOOL)
    .attr("tolerance", 1e-5)
    .shapes(all_alike)
    .body([](Args &a) {
      /* In double: differences of small unsigned integers would wrap. */
      const at::Tensor difference = at::sub(a.in(0).to(at::kDouble), a.in(1).to(at::kDouble));
      a.out(0, at::lt(at::abs(difference), a.f("tolerance")));
    });

Defined bits(const char *op, DtypeSet types, Binary compute, const char *x1 = "x1",
             const char *x2 = "x2", const char *y = "y") {
  return Define(op)
      .input(x1, types)
      .input(x2, same_as(x1))
      .output(y, same_as(x1))
      .shapes(broadcast)
      .body([compute](Args &a) { a.out(0, compute(a.in(0), a.in(1))); });
}

const Defined kBits[] __attribute__((unused)) = {
    bits("BitwiseAnd", kInts | kWideUnsigned, at::__and__),
    bits("BitwiseOr", kInts | kWideUnsigned, at::__or__),
    bits("BitwiseXor", kInts | kWideUnsigned, at::__xor__),
    bits("LeftShift", kInts | kWideUnsigned, at::__lshift__, "x", "y", "z"),
    /* Seen as signed, the wide unsigned types would be filled up with their first bit. */
    bits("RightShift", kInts, at::__rshift__, "x", "y", "z"),
};

}  // namespace

}  // namespace ascend_emu

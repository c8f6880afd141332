/* Arithmetic of two tensors, element by element, with broadcasting. */
#include "args.h"
#include "codes.h"
#include "ops/types.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

using Binary = at::Tensor (*)(const at::Tensor &, const at::Tensor &);

Defined binary(const char *op, DtypeSet types, Binary compute) {
  return Define(op)
      .input("x1", types)
      .input("x2", same_as("x1"))
      .output("y", same_as("x1"))
      .layouts(Layouts::kPrivate)
      .shapes(broadcast)
      .body([compute](Args &a) { a.out(0, compute(a.in(0), a.in(1))); });
}

/* Of two contiguous tensors: whether they share no byte. */
bool are_apart(const at::Tensor &a, const at::Tensor &b) {
  const char *first = static_cast<const char *>(a.data_ptr());
  const char *second = static_cast<const char *>(b.data_ptr());
  return first + a.nbytes() <= second || second + b.nbytes() <= first;
}

using BinaryInto = void (*)(at::Tensor &, const at::Tensor &, const at::Tensor &);

/* Written straight into the caller's memory where that is possible: the operators that programs
   spend their time in. */
Defined binary_into(const char *op, DtypeSet types, BinaryInto compute) {
  return Define(op)
      .input("x1", types)
      .input("x2", same_as("x1"))
      .output("y", same_as("x1"))
      .layouts(Layouts::kPrivate)
      .shapes(broadcast)
      .body([compute](Args &a) {
        const at::Tensor x1 = a.in(0), x2 = a.in(1);
        /* Each element is read before it is written, unless x2 lies there as well. */
        if (a.in_place(0, 0) && x2.sizes() == x1.sizes() && are_apart(x1, x2)) {
          return a.out_changed(0, 0, [&](at::Tensor &y) { compute(y, y, x2); });
        }
        a.out_by(0, [&](at::Tensor &y) { compute(y, x1, x2); });
      });
}

bool is_integer(const at::Tensor &x) { return at::isIntegralType(x.scalar_type(), false); }

/* at::add and at::sub have a third argument with a default. */
void add(at::Tensor &y, const at::Tensor &a, const at::Tensor &b) { at::add_out(y, a, b); }
at::Tensor sub(const at::Tensor &a, const at::Tensor &b) { return at::sub(a, b); }

at::Tensor divided(const at::Tensor &a, const at::Tensor &b) {
  return is_integer(a) ? trunc_div(a, b) : at::div(a, b);
}

/* `b` with 1 for 0, so that integers can be divided by it. */
at::Tensor without_zeros(const at::Tensor &b) { return b.masked_fill(at::eq(b, 0), 1); }

/* CANN's remainder of a division of integers by 0 is the dividend. */
at::Tensor floor_mod(const at::Tensor &a, const at::Tensor &b) {
  if (!is_integer(a)) return at::remainder(a, b);
  return at::where(at::eq(b, 0), a, at::remainder(a, without_zeros(b)));
}

at::Tensor truncated_mod(const at::Tensor &a, const at::Tensor &b) { return at::fmod(a, b); }

at::Tensor zero_where(const at::Tensor &mask, const at::Tensor &result) {
  return result.masked_fill(mask.expand_as(result), 0);
}

at::Tensor div_no_nan(const at::Tensor &a, const at::Tensor &b) {
  return zero_where(at::eq(b, 0), divided(a, without_zeros(b)));
}

at::Tensor mul_no_nan(const at::Tensor &a, const at::Tensor &b) {
  return zero_where(at::eq(b, 0), at::mul(a, b));
}

at::Tensor xdivy(const at::Tensor &a, const at::Tensor &b) {
  return zero_where(at::eq(a, 0), at::div(a, b));
}

at::Tensor xlogy(const at::Tensor &a, const at::Tensor &b) {
  return zero_where(at::eq(a, 0), at::mul(a, at::log(b)));
}

at::Tensor larger(const at::Tensor &a, const at::Tensor &b) { return at::max(a, b); }
at::Tensor smaller(const at::Tensor &a, const at::Tensor &b) { return at::min(a, b); }

at::Tensor squared_difference(const at::Tensor &a, const at::Tensor &b) {
  const at::Tensor difference = at::sub(a, b);
  return at::mul(difference, difference);
}

constexpr DtypeSet kWords = kFloating | DtypeSet{ACL_INT32, ACL_INT64};

const Defined kBinary[] __attribute__((unused)) = {
    binary_into("Add", kNumber | kBool, add),
    binary_into("AddV2", kNumber, add),
    binary("Sub", kNumber, sub),
    binary("RealDiv", kFloating | kComplex, at::div),
    binary("Div", kNumber, divided),
    binary("FloorDiv", kReal, floor_div),
    binary("TruncateDiv", kReal, trunc_div),
    binary("FloorMod", kWords, floor_mod),
    binary("Mod", kWords | DtypeSet{ACL_INT8, ACL_UINT8}, truncated_mod),
    binary("TruncateMod", kWords, truncated_mod),
    binary("DivNoNan", kFloating | DtypeSet{ACL_INT8, ACL_UINT8, ACL_INT32}, div_no_nan),
    binary("MulNoNan", kNumber, mul_no_nan),
    binary("Xdivy", kFloating | kComplex, xdivy),
    binary("Xlogy", kFloating | kComplex, xlogy),
    binary("Maximum", kWords, larger),
    binary("Minimum", kWords, smaller),
    binary("SquaredDifference", kWords | kComplex, squared_difference),
    binary("Atan2", kFloating, at::atan2),
};

/* The output has the type that all inputs promote to. */
void promote(Shapes &shapes) {
  at::ScalarType type = scalar_type(shapes.dtype(0));
  const int inputs = static_cast<int>(shapes.prototype().inputs.size());
  for (int i = 1; i < inputs; ++i) type = at::promote_types(type, scalar_type(shapes.dtype(i)));
  if (type == scalar_type(shapes.output_dtype(0))) return;
  shapes.refuse(ACL_ERROR_OP_OUTPUT_NOT_MATCH,
                "output %s has data type %s, which is not what the inputs promote to",
                shapes.output_name(0).c_str(), type_name(shapes.output_dtype(0)).c_str());
}

Defined promoting(const char *op, DtypeSet types, Binary compute) {
  return Define(op)
      .input("x1", types)
      .input("x2", types)
      .output("y", types)
      .layouts(Layouts::kPrivate)
      .shapes(promote)
      .shapes(broadcast)
      .body([compute](Args &a) {
        const at::ScalarType type = a.compute_type(0);
        /* Tensors without dims would not promote others. */
        a.out(0, compute(a.in(0).to(type), a.in(1).to(type)));
      });
}

at::Tensor power(const at::Tensor &a, const at::Tensor &b) { return at::pow(a, b); }

const Defined kPromoting[] __attribute__((unused)) = {
    promoting("Mul", kNumber | kBool, at::mul),
    promoting("Pow", kNumber, power),
};

constexpr DtypeSet kAxpy = kFloats | ACL_INT32;

EMU_OP(Axpy)
    .input("x1", kAxpy)
    .input("x2", same_as("x1"))
    .output("y", same_as("x1"))
    .required_attr("alpha", EMU_ATTR_FLOAT)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(broadcast)
    .body([](Args &a) { a.out(0, at::add(a.in(0), at::mul(a.in(1), a.f("alpha")))); });

EMU_OP(AxpyV2)
    .input("x1", kAxpy)
    .input("x2", kAxpy)
    .input("alpha", kAxpy)
    .output("y", kAxpy)
    .in_float()
    .shapes(promote)
    .shapes(broadcast_of({0, 1}))
    .body([](Args &a) {
      const at::ScalarType type = a.compute_type(0);
      const at::Tensor alpha = a.in(2).to(type);
      if (alpha.numel() != 1) a.refuse(kAtRun, "input alpha must have one element");
      a.out(0, at::add(a.in(0).to(type), at::mul(a.in(1).to(type), alpha.reshape({}))));
    });

Defined with_scalar(const char *op, DtypeSet types,
                    at::Tensor (*compute)(const at::Tensor &, double)) {
  return Define(op)
      .input("x", types)
      .output("y", same_as("x"))
      .required_attr("value", EMU_ATTR_FLOAT)
      .layouts(Layouts::kPrivate)
      .shapes(like(0))
      .body([compute](Args &a) { a.out(0, compute(a.in(0), a.f("value"))); });
}

at::Tensor adds(const at::Tensor &x, double value) { return at::add(x, value); }
at::Tensor muls(const at::Tensor &x, double value) { return at::mul(x, value); }

constexpr DtypeSet kShortWords{ACL_INT16, ACL_INT32};

const Defined kWithScalar[] __attribute__((unused)) = {
    with_scalar("Adds", kFloats | kShortWords, adds),
    with_scalar("Muls", kFloats | kShortWords | DtypeSet{ACL_INT64, ACL_COMPLEX64}, muls),
};

/* CANN has attributes here whose meaning is not published; only their defaults are taken. */
void only_defaults(Shapes &shapes) {
  if (shapes.f("base") == -1.0 && shapes.f("scale") == 1.0 && shapes.f("shift") == 0.0) return;
  shapes.refuse(kAttr, "the emulator knows base -1, scale 1 and shift 0 only");
}

EMU_OP(LogAddExp)
    .input("x1", kFloats)
    .input("x2", same_as("x1"))
    .output("y", same_as("x1"))
    .attr("base", -1.0)
    .attr("scale", 1.0)
    .attr("shift", 0.0)
    .in_float()
    .shapes(only_defaults)
    .shapes(broadcast)
    .body([](Args &a) {
      const std::vector<at::Tensor> both = at::broadcast_tensors({a.in(0), a.in(1)});
      a.out(0, at::logsumexp(at::stack(both), 0));
    });

}  // namespace

}  // namespace ascend_emu

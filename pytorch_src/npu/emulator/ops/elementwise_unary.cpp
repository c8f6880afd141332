/* Operators of one tensor, element by element. Activations are in elementwise_activation.cpp. */
#include <cmath>

#include "args.h"
#include "core/refusal.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

using Unary = at::Tensor (*)(const at::Tensor &);

Defined unary(const char *op, DtypeSet types, Unary compute, const char *input = "x",
              const char *output = "y") {
  return Define(op)
      .input(input, types)
      .output(output, same_as(input))
      .layouts(Layouts::kPrivate)
      .shapes(like(0))
      .body([compute](Args &a) { a.out(0, compute(a.in(0))); });
}

constexpr DtypeSet kFloatOrComplex = kFloating | kComplex;
constexpr DtypeSet kSignedWords{ACL_INT32, ACL_INT64};

at::Tensor square(const at::Tensor &x) { return at::mul(x, x); }

/* The quantile function of the normal distribution. */
at::Tensor normal_quantile(const at::Tensor &x) {
  return at::mul(at::erfinv(at::sub(at::mul(x, 2), 1)), std::sqrt(2.0));
}

const Defined kUnary[] __attribute__((unused)) = {
    unary("Abs", kFloating | DtypeSet{ACL_INT8, ACL_INT16} | kSignedWords, at::abs),
    unary("Neg", kFloatOrComplex | ACL_INT8 | kSignedWords, at::neg),
    unary("Expm1", kFloatOrComplex, at::expm1),
    unary("Log1p", kFloating, at::log1p),
    unary("Sqrt", kFloatOrComplex, at::sqrt),
    unary("Rsqrt", kFloatOrComplex, at::rsqrt),
    unary("Reciprocal", kFloatOrComplex, at::reciprocal),
    unary("Inv", kFloats, at::reciprocal),
    unary("Square", kFloatOrComplex | kSignedWords, square),
    unary("Sign", kFloatOrComplex | kSignedWords, sign_of),
    unary("Floor", kFloating, at::floor),
    unary("Ceil", kFloating, at::ceil),
    unary("Rint", kFloating, at::round),
    unary("Trunc", kFloats | DtypeSet{ACL_INT8, ACL_INT32, ACL_UINT8}, at::trunc, "input_x",
          "output_y"),
    unary("Sin", kFloatOrComplex, at::sin),
    unary("Cos", kFloatOrComplex, at::cos),
    unary("Tan", kFloatOrComplex, at::tan),
    unary("Asin", kFloatOrComplex, at::asin),
    unary("Acos", kFloatOrComplex, at::acos),
    unary("Atan", kFloatOrComplex, at::atan),
    unary("Sinh", kFloatOrComplex, at::sinh),
    unary("Cosh", kFloatOrComplex, at::cosh),
    unary("Asinh", kFloatOrComplex, at::asinh),
    unary("Acosh", kFloatOrComplex, at::acosh),
    unary("Atanh", kFloatOrComplex, at::atanh),
    unary("Erf", kFloating, at::erf),
    unary("Erfc", kFloating, at::erfc),
    unary("Erfinv", kFloats, at::erfinv, "input_x", "output_y"),
    unary("Ndtri", kFloating, normal_quantile),
    unary("Digamma", DtypeSet{ACL_FLOAT, ACL_DOUBLE, ACL_FLOAT16}, at::digamma),
    unary("Lgamma", DtypeSet{ACL_FLOAT, ACL_DOUBLE, ACL_FLOAT16}, at::lgamma),
    unary("Invert", kInts | kWideUnsigned, at::bitwise_not),
    unary("LogicalNot", kBool, at::logical_not),
    unary("Conj", kComplex, at::conj, "input", "output"),
};

/* The attributes of Exp and Log: another base, and a linear function before. */
at::Tensor scaled(const Args &a) {
  const at::Tensor x = a.in(0);
  if (a.f("scale") == 1.0 && a.f("shift") == 0.0) return x;
  return at::add(at::mul(x, a.f("scale")), a.f("shift"));
}

/* The logarithm of the base; 1 for the default, e. */
double log_of_base(const Call &a) {
  const double base = a.f("base");
  if (base == -1.0) return 1.0;
  if (base <= 0.0) {
    a.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
             "attribute [base] is %g; -1, which stands for e, or a positive number is allowed",
             base);
  }
  return std::log(base);
}

void check_base(Shapes &shapes) { log_of_base(shapes); }

EMU_OP(Exp)
    .input("x", kFloatOrComplex)
    .output("y", same_as("x"))
    .attr("base", -1.0)
    .attr("scale", 1.0)
    .attr("shift", 0.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(check_base)
    .shapes(like(0))
    .body([](Args &a) {
      const double log_base = log_of_base(a);
      const at::Tensor x = scaled(a);
      a.out(0, at::exp(log_base == 1.0 ? x : at::mul(x, log_base)));
    });

EMU_OP(Log)
    .input("x", kFloatOrComplex)
    .output("y", same_as("x"))
    .attr("base", -1.0)
    .attr("scale", 1.0)
    .attr("shift", 0.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(check_base)
    .shapes(like(0))
    .body([](Args &a) {
      const double log_base = log_of_base(a);
      const at::Tensor y = at::log(scaled(a));
      a.out(0, log_base == 1.0 ? y : at::div(y, log_base));
    });

EMU_OP(Power)
    .input("x", kFloats)
    .output("y", same_as("x"))
    .attr("power", 1.0)
    .attr("scale", 1.0)
    .attr("shift", 0.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(like(0))
    .body([](Args &a) { a.out(0, at::pow(scaled(a), a.f("power"))); });

EMU_OP(Round)
    .input("x", kFloating | kSignedWords)
    .output("y", same_as("x"))
    .attr("decimals", 0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const int64_t decimals = a.i("decimals");
      if (decimals == 0 && !at::isFloatingType(x.scalar_type())) return a.out(0, x);
      if (decimals == 0) return a.out(0, at::round(x));
      const at::Tensor wide = x.to(at::kDouble);
      const double scale = std::pow(10.0, static_cast<double>(decimals));
      a.out(0, at::div(at::round(at::mul(wide, scale)), scale));
    });

EMU_OP(NanToNum)
    .input("x", kFloats)
    .output("y", same_as("x"))
    .required_attr("nan", EMU_ATTR_FLOAT)
    .required_attr("posinf", EMU_ATTR_FLOAT)
    .required_attr("neginf", EMU_ATTR_FLOAT)
    .layouts(Layouts::kPrivate)
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const at::Tensor infinite = at::isinf(x);
      at::Tensor y = x.masked_fill(at::isnan(x), a.f("nan"));
      y = y.masked_fill(at::logical_and(infinite, at::gt(x, 0)), a.f("posinf"));
      a.out(0, y.masked_fill(at::logical_and(infinite, at::lt(x, 0)), a.f("neginf")));
    });

Defined classify(const char *op, Unary compute) {
  return Define(op)
      .input("x", kFloating)
      .output("y", ACL_BOOL)
      .shapes(like(0))
      .body([compute](Args &a) { a.out(0, compute(a.in(0))); });
}

const Defined kClassify[] __attribute__((unused)) = {
    classify("IsNan", at::isnan),
    classify("IsInf", at::isinf),
    classify("IsFinite", at::isfinite),
};

}  // namespace

}  // namespace ascend_emu

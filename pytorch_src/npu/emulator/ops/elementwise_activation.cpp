/* Activations of one tensor. Those with weights or along axes are elsewhere (nn_*, softmax). */
#include "args.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

using Unary = at::Tensor (*)(const at::Tensor &);

Defined activation(const char *op, DtypeSet types, Unary compute) {
  return Define(op)
      .input("x", types)
      .output("y", same_as("x"))
      .layouts(Layouts::kPrivate)
      .in_float()
      .shapes(like(0))
      .body([compute](Args &a) { a.out(0, compute(a.in(0))); });
}

at::Tensor relu6(const at::Tensor &x) { return at::clamp(x, 0, 6); }

/* x times the normal distribution's function of x. */
at::Tensor gelu(const at::Tensor &x) {
  constexpr double kRootHalf = 0.70710678118654752;
  return at::mul(at::mul(x, 0.5), at::add(at::erf(at::mul(x, kRootHalf)), 1));
}

at::Tensor fast_gelu(const at::Tensor &x) { return at::mul(x, at::sigmoid(at::mul(x, 1.702))); }

at::Tensor softplus(const at::Tensor &x) { return at::softplus(x); }

at::Tensor softsign(const at::Tensor &x) { return at::div(x, at::add(at::abs(x), 1)); }

at::Tensor hard_swish(const at::Tensor &x) {
  return at::div(at::mul(x, at::clamp(at::add(x, 3), 0, 6)), 6);
}

at::Tensor mish(const at::Tensor &x) { return at::mul(x, at::tanh(at::softplus(x))); }

at::Tensor selu(const at::Tensor &x) { return at::selu(x); }

const Defined kActivations[] __attribute__((unused)) = {
    activation("Sigmoid", kFloating | kComplex, at::sigmoid),
    activation("Tanh", kFloating | kComplex, at::tanh),
    activation("Relu", kReal, at::relu),
    activation("Relu6", kReal, relu6),
    activation("Gelu", kFloats, gelu),
    activation("FastGelu", kFloats, fast_gelu),
    activation("Softplus", kFloating, softplus),
    activation("Softsign", kFloating, softsign),
    activation("HardSwish", kFloats, hard_swish),
    activation("Mish", kFloats, mish),
    activation("LogSigmoid", kFloats, at::log_sigmoid),
    activation("Selu", kFloating, selu),
};

EMU_OP(LeakyRelu)
    .input("x", kFloating)
    .output("y", same_as("x"))
    .attr("negative_slope", 0.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(like(0))
    .body([](Args &a) { a.out(0, at::leaky_relu(a.in(0), a.f("negative_slope"))); });

EMU_OP(Elu)
    .input("x", kFloating)
    .output("y", same_as("x"))
    .attr("alpha", 1.0)
    .attr("scale", 1.0)
    .attr("input_scale", 1.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(like(0))
    .body([](Args &a) {
      a.out(0, at::elu(a.in(0), a.f("alpha"), a.f("scale"), a.f("input_scale")));
    });

EMU_OP(CeluV2)
    .input("x", kFloats)
    .output("y", same_as("x"))
    .attr("alpha", 1.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(like(0))
    .body([](Args &a) { a.out(0, at::celu(a.in(0), a.f("alpha"))); });

EMU_OP(SoftplusV2)
    .input("x", kFloats)
    .output("y", same_as("x"))
    .attr("beta", 1.0)
    .attr("threshold", 20.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(like(0))
    .body([](Args &a) { a.out(0, at::softplus(a.in(0), a.f("beta"), a.f("threshold"))); });

EMU_OP(HardSigmoid)
    .input("input_x", kFloats)
    .output("output_y", same_as("input_x"))
    .attr("alpha", 0.16666666)
    .attr("beta", 0.5)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      a.out(0, at::clamp(at::add(at::mul(x, a.f("alpha")), a.f("beta")), 0, 1));
    });

EMU_OP(Swish)
    .input("x", kFloats)
    .output("y", same_as("x"))
    .attr("scale", 1.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      a.out(0, at::mul(x, at::sigmoid(at::mul(x, a.f("scale")))));
    });

}  // namespace

}  // namespace ascend_emu

/* Gradients of activations and of functions of one tensor: what came in (or out) of the function,
   and the gradient of its result. */
#include <cmath>

#include "args.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

using Binary = at::Tensor (*)(const at::Tensor &, const at::Tensor &);

/* `compute` gets the inputs in the order of the prototype. */
Defined gradient(const char *op, DtypeSet types, const char *first, const char *second,
                 const char *output, Binary compute) {
  return Define(op)
      .input(first, types)
      .input(second, same_as(first))
      .output(output, same_as(first))
      .layouts(Layouts::kPrivate)
      .in_float()
      .shapes(all_alike)
      .body([compute](Args &a) { a.out(0, compute(a.in(0), a.in(1))); });
}

at::Tensor zero_unless(const at::Tensor &mask, const at::Tensor &x) {
  return x.masked_fill(at::logical_not(mask), 0);
}

at::Tensor relu_grad(const at::Tensor &dy, const at::Tensor &x) {
  return at::threshold_backward(dy, x, 0);
}

at::Tensor relu6_grad(const at::Tensor &dy, const at::Tensor &x) {
  return zero_unless(at::logical_and(at::gt(x, 0), at::lt(x, 6)), dy);
}

/* `y` is what Elu gave. */
at::Tensor elu_grad(const at::Tensor &dy, const at::Tensor &y) {
  return at::where(at::gt(y, 0), dy, at::mul(dy, at::add(y, 1)));
}

at::Tensor selu_grad(const at::Tensor &dy, const at::Tensor &y) {
  constexpr double kScale = 1.0507009873554804934193349852946;
  constexpr double kAlpha = 1.6732632423543772848170429916717;
  return at::where(at::lt(y, 0), at::mul(dy, at::add(y, kScale * kAlpha)), at::mul(dy, kScale));
}

at::Tensor fast_gelu_grad(const at::Tensor &dy, const at::Tensor &x) {
  const at::Tensor gate = at::sigmoid(at::mul(x, 1.702));
  const at::Tensor slope = at::mul(at::mul(x, 1.702), at::mul(gate, at::rsub(gate, 1)));
  return at::mul(dy, at::add(gate, slope));
}

at::Tensor softplus_grad(const at::Tensor &dy, const at::Tensor &x) {
  return at::mul(dy, at::sigmoid(x));
}

at::Tensor hard_swish_grad(const at::Tensor &dy, const at::Tensor &x) {
  const at::Tensor inside = at::mul(dy, at::add(at::div(x, 3), 0.5));
  return zero_unless(at::gt(x, -3), at::where(at::lt(x, 3), inside, dy));
}

at::Tensor sqrt_grad(const at::Tensor &y, const at::Tensor &dy) {
  return at::div(at::mul(dy, 0.5), y);
}

at::Tensor rsqrt_grad(const at::Tensor &y, const at::Tensor &dy) {
  return at::mul(at::mul(dy, -0.5), at::mul(at::mul(y, y), y));
}

at::Tensor reciprocal_grad(const at::Tensor &y, const at::Tensor &dy) {
  return at::neg(at::mul(dy, at::mul(y, y)));
}

at::Tensor abs_grad(const at::Tensor &x, const at::Tensor &dy) { return at::mul(dy, at::sign(x)); }

const Defined kGradients[] __attribute__((unused)) = {
    gradient("ReluGrad", kReal, "gradients", "features", "backprops", relu_grad),
    gradient("Relu6Grad", kReal, "gradients", "features", "backprops", relu6_grad),
    gradient("EluGrad", kFloating, "grads", "activations", "y", elu_grad),
    gradient("SeluGrad", kFloating, "gradients", "outputs", "y", selu_grad),
    gradient("FastGeluGrad", kFloats, "dy", "x", "z", fast_gelu_grad),
    gradient("SoftplusGrad", kFloating, "gradients", "features", "backprops", softplus_grad),
    gradient("HardSwishGrad", kFloats, "grad", "x", "y", hard_swish_grad),
    gradient("SqrtGrad", kFloating, "y", "dy", "z", sqrt_grad),
    gradient("RsqrtGrad", kFloating, "y", "dy", "z", rsqrt_grad),
    gradient("ReciprocalGrad", kFloating, "y", "dy", "z", reciprocal_grad),
    gradient("InvGrad", kFloats, "x", "grad", "y", reciprocal_grad),
    gradient("AbsGrad", kFloats, "y", "dy", "z", abs_grad),
};

/* The derivative, from what the function gave; of complex numbers conjugated on request. */
Defined from_result(const char *op, at::Tensor (*derivative)(const at::Tensor &)) {
  return Define(op)
      .input("y", kFloating | kComplex)
      .input("dy", same_as("y"))
      .output("z", same_as("y"))
      .attr("complex_conj", false)
      .layouts(Layouts::kPrivate)
      .in_float()
      .shapes(all_alike)
      .body([derivative](Args &a) {
        const at::Tensor slope = derivative(a.in(0));
        a.out(0, at::mul(a.in(1), a.b("complex_conj") ? at::conj(slope) : slope));
      });
}

const Defined kFromResult[] __attribute__((unused)) = {
    from_result("SigmoidGrad", [](const at::Tensor &y) { return at::mul(y, at::rsub(y, 1)); }),
    from_result("TanhGrad", [](const at::Tensor &y) { return at::rsub(at::mul(y, y), 1); }),
};

EMU_OP(LeakyReluGrad)
    .input("gradients", kFloating)
    .input("features", same_as("gradients"))
    .output("backprops", same_as("gradients"))
    .attr("negative_slope", 0.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(all_alike)
    .body([](Args &a) {
      const at::Tensor dy = a.in(0);
      a.out(0, at::where(at::gt(a.in(1), 0), dy, at::mul(dy, a.f("negative_slope"))));
    });

EMU_OP(EluGradV2)
    .input("grads", kFloats)
    .input("activations", same_as("grads"))
    .output("y", same_as("grads"))
    .attr("alpha", 1.0)
    .attr("scale", 1.0)
    .attr("input_scale", 1.0)
    .attr("is_result", false)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(all_alike)
    .body([](Args &a) {
      const at::Tensor dy = a.in(0), seen = a.in(1);
      const double negative = a.f("alpha") * a.f("scale"), inner = a.f("input_scale");
      /* Where Elu is exponential; from its result, or from what it was given. */
      const at::Tensor slope = a.b("is_result")
                                   ? at::mul(at::add(seen, negative), inner)
                                   : at::mul(at::exp(at::mul(seen, inner)), negative * inner);
      a.out(0, at::where(at::gt(seen, 0), at::mul(dy, a.f("scale")), at::mul(dy, slope)));
    });

EMU_OP(GeluGrad)
    .input("dy", kFloats)
    .input("x", same_as("dy"))
    .input("y", same_as("dy"))
    .output("z", same_as("dy"))
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(all_alike)
    .body([](Args &a) {
      constexpr double kRootHalf = 0.70710678118654752, kDensityAtZero = 0.39894228040143268;
      const at::Tensor x = a.in(1);
      const at::Tensor below = at::mul(at::add(at::erf(at::mul(x, kRootHalf)), 1), 0.5);
      const at::Tensor density = at::mul(at::exp(at::mul(at::mul(x, x), -0.5)), kDensityAtZero);
      a.out(0, at::mul(a.in(0), at::add(below, at::mul(x, density))));
    });

EMU_OP(SoftplusV2Grad)
    .input("input_gradients", kFloats)
    .input("input_features", same_as("input_gradients"))
    .output("output_backprops", same_as("input_gradients"))
    .attr("beta", 1.0)
    .attr("threshold", 20.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(all_alike)
    .body([](Args &a) {
      const at::Tensor dy = a.in(0), scaled = at::mul(a.in(1), a.f("beta"));
      const at::Tensor linear = at::gt(scaled, a.f("threshold"));
      a.out(0, at::where(linear, dy, at::mul(dy, at::sigmoid(scaled))));
    });

EMU_OP(HardSigmoidGrad)
    .input("grads", kFloats)
    .input("input_x", same_as("grads"))
    .output("y", same_as("grads"))
    .attr("alpha", 0.16666666)
    .attr("beta", 0.5)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(all_alike)
    .body([](Args &a) {
      const at::Tensor line = at::add(at::mul(a.in(1), a.f("alpha")), a.f("beta"));
      const at::Tensor inside = at::logical_and(at::gt(line, 0), at::lt(line, 1));
      a.out(0, zero_unless(inside, at::mul(a.in(0), a.f("alpha"))));
    });

EMU_OP(SwishGrad)
    .input("grad", kFloats)
    .input("x", same_as("grad"))
    .input("y", same_as("grad"))
    .output("grad_x", same_as("grad"))
    .attr("scale", 1.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(all_alike)
    .body([](Args &a) {
      const at::Tensor gate = at::sigmoid(at::mul(a.in(1), a.f("scale")));
      const at::Tensor part = at::mul(a.in(2), a.f("scale"));
      a.out(0, at::mul(a.in(0), at::add(part, at::mul(gate, at::rsub(part, 1)))));
    });

EMU_OP(MishGrad)
    .input("grad", {ACL_FLOAT, ACL_FLOAT16})
    .input("x", same_as("grad"))
    .optional_input("tanhx", same_as("grad"))
    .output("x_grad", same_as("grad"))
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(all_alike)
    .body([](Args &a) {
      const at::Tensor x = a.in(1);
      const at::Tensor gate = a.has(2) ? a.in(2) : at::tanh(at::softplus(x));
      const at::Tensor slope = at::mul(at::rsub(at::mul(gate, gate), 1), at::sigmoid(x));
      a.out(0, at::mul(a.in(0), at::add(gate, at::mul(x, slope))));
    });

/* The gradient of an output that inputs were broadcast to, for one of these inputs. */
at::Tensor for_input(const at::Tensor &gradient, const Dims &dims) {
  return gradient.sum_to_size(dims);
}

void extreme_grad_shapes(Shapes &shapes) {
  shapes.set(0, shapes.dims(1));
  shapes.set(1, shapes.dims(2));
}

Defined extreme_grad(const char *op, Binary takes_first) {
  return Define(op)
      .input("grads", {ACL_FLOAT, ACL_FLOAT16, ACL_INT32})
      .input("x1", same_as("grads"))
      .input("x2", same_as("grads"))
      .optional_output("y1", same_as("grads"))
      .optional_output("y2", same_as("grads"))
      .attr("grad_x", true)
      .attr("grad_y", true)
      .shapes(extreme_grad_shapes)
      .body([takes_first](Args &a) {
        const at::Tensor dy = a.in(0), first = takes_first(a.in(1), a.in(2));
        if (a.b("grad_x")) a.out(0, for_input(zero_unless(first, dy), a.dims(1)));
        if (a.b("grad_y")) a.out(1, for_input(dy.masked_fill(first, 0), a.dims(2)));
      });
}

const Defined kExtremes[] __attribute__((unused)) = {
    extreme_grad("MaximumGrad", at::ge),
    extreme_grad("MinimumGrad", at::le),
};

}  // namespace

}  // namespace ascend_emu

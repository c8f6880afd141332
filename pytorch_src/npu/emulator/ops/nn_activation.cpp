/* Activations with weights, thresholds or gates. */
#include "args.h"
#include "codes.h"
#include "nn_layout.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* The weight of PRelu, one or one per channel, to be broadcast over x. */
Dims weight_dims(const Call &call, int x, int weight) {
  const Dims dims = call.dims(x);
  const Dims given = call.dims(weight);
  Dims spread(dims.size(), 1);
  if (given.empty() || given == Dims{1}) return spread;
  const std::string axes = dims.size() < 2 ? "" : input_axes(call, x);
  if (dims.size() >= 2) {
    const size_t place = axes.find('C');
    spread[place] = dims[place];
    if (given == Dims{dims[place]}) return spread;
  }
  call.refuse(kAtCheck, "input %s has shape %s; [1] or one value per channel of %s, shape %s, is "
              "expected", call.input_name(weight).c_str(), dims_text(given).c_str(),
              call.input_name(x).c_str(), dims_text(dims).c_str());
}

EMU_OP(PRelu)
    .input("x", kFloats)
    .input("weight", same_as("x"))
    .output("y", same_as("x"))
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes([](Shapes &shapes) { weight_dims(shapes, 0, 1); })
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const at::Tensor weight = a.in(1).reshape(weight_dims(a, 0, 1));
      a.out(0, at::where(x.gt(0), x, x * weight));
    });

EMU_OP(PReluGrad)
    .input("grads", {ACL_FLOAT16, ACL_FLOAT})
    .input("features", same_as("grads"))
    .input("weights", same_as("grads"))
    .output("dx", same_as("grads"))
    .output("da", same_as("grads"))
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes([](Shapes &shapes) {
      if (shapes.dims(0) != shapes.dims(1)) {
        shapes.refuse(kAtCheck,
                      "input grads has shape %s, input features has %s; they must be the same",
                      dims_text(shapes.dims(0)).c_str(), dims_text(shapes.dims(1)).c_str());
      }
      weight_dims(shapes, 1, 2);
      shapes.set(0, shapes.dims(1));
      shapes.set(1, shapes.dims(2));
    })
    .body([](Args &a) {
      const at::Tensor grad = a.in(0);
      const at::Tensor x = a.in(1);
      const Dims spread = weight_dims(a, 1, 2);
      const at::Tensor dx = at::where(x.gt(0), grad, grad * a.in(2).reshape(spread));
      a.out(0, dx);
      const at::Tensor da = at::where(x.gt(0), at::zeros_like(grad), grad * x);
      a.out(1, da.sum_to_size(spread).reshape(a.dims(2)));
    });

/* Shrinking: what is near zero becomes zero. */
Defined shrink(const char *op, const char *output,
               at::Tensor (*compute)(const at::Tensor &, double)) {
  return Define(op)
      .input("input_x", kFloats)
      .output(output, same_as("input_x"))
      .attr("lambd", 0.5)
      .layouts(Layouts::kPrivate)
      .in_float()
      .shapes(like(0))
      .body([compute](Args &a) { a.out(0, compute(a.in(0), a.f("lambd"))); });
}

at::Tensor hard_shrink(const at::Tensor &x, double lambda) {
  return x.masked_fill(x.abs().le(lambda), 0);
}

at::Tensor soft_shrink(const at::Tensor &x, double lambda) {
  return x - at::clamp(x, -lambda, lambda);
}

/* Both pass the gradient on where the input was not made zero; NaN counts as not made so. */
Defined shrink_grad(const char *op, const char *grad, const char *x, const char *output) {
  return Define(op)
      .input(grad, kFloats)
      .input(x, same_as(grad))
      .output(output, same_as(grad))
      .attr("lambd", 0.5)
      .layouts(Layouts::kPrivate)
      .in_float()
      .shapes(all_alike)
      .body([](Args &a) {
        a.out(0, a.in(0).masked_fill(a.in(1).abs().le(a.f("lambd")), 0));
      });
}

const Defined kShrinks[] __attribute__((unused)) = {
    shrink("HardShrink", "output_y", hard_shrink),
    shrink("SoftShrink", "output_y", soft_shrink),
    shrink_grad("HardShrinkGrad", "gradients", "features", "backprops"),
    shrink_grad("SoftShrinkGrad", "input_grad", "input_x", "output_y"),
};

EMU_OP(Threshold)
    .input("x", kFloats)
    .output("y", same_as("x"))
    .attr("threshold", 0.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(like(0))
    .body([](Args &a) { a.out(0, a.in(0).gt(a.f("threshold"))); });

EMU_OP(ThresholdV2D)
    .input("x", kReal)
    .output("y", same_as("x"))
    .required_attr("threshold", EMU_ATTR_FLOAT)
    .required_attr("value", EMU_ATTR_FLOAT)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      a.out(0, x.masked_fill(x.gt(a.f("threshold")).logical_not(), a.f("value")));
    });

EMU_OP(ThresholdGradV2D)
    .input("gradients", {ACL_INT32, ACL_FLOAT16, ACL_BF16})
    .input("features", same_as("gradients"))
    .output("backprops", same_as("gradients"))
    .required_attr("threshold", EMU_ATTR_FLOAT)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(all_alike)
    .body([](Args &a) {
      a.out(0, a.in(0).masked_fill(a.in(1).gt(a.f("threshold")).logical_not(), 0));
    });

EMU_OP(ThresholdV2)
    .input("x", {ACL_FLOAT16, ACL_FLOAT, ACL_BF16, ACL_INT8, ACL_UINT8, ACL_INT32, ACL_INT64})
    .input("threshold", same_as("x"))
    .optional_input("value", same_as("x"))
    .output("y", same_as("x"))
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes([](Shapes &shapes) { expect_one_element(shapes, 1, 2); })
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const at::Tensor value =
          a.has(2) ? a.in(2).reshape(Dims{}) : at::zeros(Dims{}, x.options());
      a.out(0, at::where(x.gt(a.in(1).reshape(Dims{})), x, value));
    });

/* Gated units: one half of an axis opens or closes the other. */
int64_t gate_axis(const Call &call, int x) {
  const int64_t rank = static_cast<int64_t>(call.dims(x).size());
  const int64_t dim = call.i("dim");
  const int64_t axis = dim < 0 ? dim + rank : dim;
  if (axis < 0 || axis >= rank || call.dims(x)[static_cast<size_t>(axis)] % 2 != 0) {
    call.refuse(kAttr, "attribute [dim] is %lld; it must name an axis of input %s, shape %s, whose "
                "size is even", ll(dim), call.input_name(x).c_str(),
                dims_text(call.dims(x)).c_str());
  }
  return axis;
}

Dims half_dims(const Call &call, int x) {
  Dims dims = call.dims(x);
  dims[static_cast<size_t>(gate_axis(call, x))] /= 2;
  return dims;
}

struct Halves {
  at::Tensor first;
  at::Tensor second;
};

Halves halves_of(const Args &a, int x) {
  const int64_t axis = gate_axis(a, x);
  const at::Tensor whole = a.in(x);
  const int64_t half = whole.size(axis) / 2;
  return {whole.narrow(axis, 0, half), whole.narrow(axis, half, half)};
}

Defined gate(const char *op, DtypeSet types, at::Tensor (*compute)(const Halves &)) {
  return Define(op)
      .input("x", types)
      .output("y", same_as("x"))
      .attr("dim", -1)
      .in_float()
      .shapes([](Shapes &shapes) { shapes.set(0, half_dims(shapes, 0)); })
      .body([compute](Args &a) { a.out(0, compute(halves_of(a, 0))); });
}

/* `compute` gives the gradients of both halves. */
Defined gate_grad(const char *op, DtypeSet types,
                  Halves (*compute)(const at::Tensor &, const Halves &)) {
  return Define(op)
      .input("y_grad", types)
      .input("x", same_as("y_grad"))
      .output("x_grad", same_as("y_grad"))
      .attr("dim", -1)
      .in_float()
      .shapes([](Shapes &shapes) {
        if (shapes.dims(0) != half_dims(shapes, 1)) {
          shapes.refuse(kAtCheck, "input y_grad has shape %s; half of x, %s, is expected",
                        dims_text(shapes.dims(0)).c_str(),
                        dims_text(half_dims(shapes, 1)).c_str());
        }
        shapes.set(0, shapes.dims(1));
      })
      .body([compute](Args &a) {
        const Halves grads = compute(a.in(0), halves_of(a, 1));
        a.out(0, at::cat({grads.first, grads.second}, gate_axis(a, 1)));
      });
}

at::Tensor glu(const Halves &x) { return x.first * at::sigmoid(x.second); }

Halves glu_grad(const at::Tensor &grad, const Halves &x) {
  const at::Tensor open = at::sigmoid(x.second);
  return {grad * open, grad * x.first * open * (1 - open)};
}

at::Tensor swiglu(const Halves &x) { return x.first * at::sigmoid(x.first) * x.second; }

Halves swiglu_grad(const at::Tensor &grad, const Halves &x) {
  const at::Tensor open = at::sigmoid(x.first);
  return {grad * x.second * open * (1 + x.first * (1 - open)), grad * x.first * open};
}

const Defined kGates[] __attribute__((unused)) = {
    gate("GLU", kFloating.without(ACL_BF16), glu),
    gate_grad("GLUGrad", kFloating.without(ACL_BF16), glu_grad),
    gate("SwiGlu", kFloats, swiglu),
    gate_grad("SwiGluGrad", kFloats, swiglu_grad),
};

EMU_OP(Celu)
    .input("x", {ACL_FLOAT16, ACL_FLOAT})
    .output("y", same_as("x"))
    .attr("alpha1", 1.0)
    .attr("alpha2", 1.0)
    .attr("alpha3", 1.0)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      a.out(0, at::where(x.ge(0), x * a.f("alpha3"),
                         at::expm1(x / a.f("alpha2")) * a.f("alpha1")));
    });

EMU_OP(LogSigmoidGrad)
    .input("grads", kFloats)
    .input("features", same_as("grads"))
    .output("backprops", same_as("grads"))
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(all_alike)
    .body([](Args &a) { a.out(0, a.in(0) * at::sigmoid(-a.in(1))); });

}  // namespace

}  // namespace ascend_emu

/* Losses of two tensors of one shape, element by element, and their gradients. */
#include "args.h"
#include "codes.h"
#include "nn_reduction.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

const std::vector<std::string> kReductions{"none", "mean", "sum"};

using Loss = at::Tensor (*)(const at::Tensor &x, const at::Tensor &target, const Args &a);

/* x 0 and target 1, reduced. */
Define &&reduced(Define &&define, const char *x, const char *target, const char *output) {
  return std::move(define)
      .input(x, kFloats)
      .input(target, same_as(x))
      .output(output, same_as(x))
      .attr("reduction", "mean")
      .one_of(kReductions)
      .in_float()
      .shapes([](Shapes &shapes) {
        expect_same_dims(shapes, 0, 1);
        set_reduced(shapes, 0, shapes.dims(0));
      });
}

Body reduced_body(Loss loss) {
  return [loss](Args &a) { out_reduced(a, 0, loss(a.in(0), a.in(1), a)); };
}

/* Gradient with respect to x, whose place among the inputs is `x`; then comes the target. `grad`
   is that of the result and broadcasts: a single one when losses were reduced. */
Define &&gradient(Define &&define, int x, int grad) {
  return std::move(define)
      .attr("reduction", "mean")
      .one_of(kReductions)
      .in_float()
      .shapes([x, grad](Shapes &shapes) {
        expect_same_dims(shapes, x, x + 1);
        expect_broadcast(shapes, grad, shapes.dims(x));
        shapes.set(0, shapes.dims(x));
      });
}

Body gradient_body(Loss slope, int x, int grad) {
  return [slope, x, grad](Args &a) {
    const at::Tensor result = slope(a.in(x), a.in(x + 1), a) * a.in(grad);
    a.out(0, result / reduction_divisor(a, a.dims(x)));
  };
}

at::Tensor mse(const at::Tensor &x, const at::Tensor &target, const Args &) {
  return (x - target) * (x - target);
}

at::Tensor mse_slope(const at::Tensor &x, const at::Tensor &target, const Args &) {
  return (x - target) * 2;
}

at::Tensor l1(const at::Tensor &x, const at::Tensor &target, const Args &) {
  return (x - target).abs();
}

at::Tensor l1_slope(const at::Tensor &x, const at::Tensor &target, const Args &) {
  return (x - target).sign();
}

/* sigma is where the square becomes the absolute value. */
at::Tensor smooth_l1(const at::Tensor &x, const at::Tensor &target, const Args &a) {
  const double sigma = a.f("sigma");
  const at::Tensor error = (x - target).abs();
  return at::where(error.lt(sigma), error * error * 0.5 / sigma, error - 0.5 * sigma);
}

at::Tensor smooth_l1_slope(const at::Tensor &x, const at::Tensor &target, const Args &a) {
  const double sigma = a.f("sigma");
  const at::Tensor error = x - target;
  return at::where(error.abs().lt(sigma), error / sigma, error.sign());
}

at::Tensor soft_margin(const at::Tensor &x, const at::Tensor &target, const Args &) {
  return at::softplus(-x * target);
}

at::Tensor soft_margin_slope(const at::Tensor &x, const at::Tensor &target, const Args &) {
  return -target * at::sigmoid(-x * target);
}

void expect_sigma(Shapes &shapes) {
  if (shapes.f("sigma") >= 0) return;
  shapes.refuse(kAttr, "attribute [sigma] is %g; 0 or more is allowed", shapes.f("sigma"));
}

/* Without reduction: gradient of x 0, target 1; gradient of the result 2. */
EMU_OP(SmoothL1Loss)
    .input("predict", kFloats)
    .input("label", same_as("predict"))
    .output("loss", same_as("predict"))
    .attr("sigma", 1.0)
    .in_float()
    .shapes(expect_sigma)
    .shapes(all_alike)
    .body([](Args &a) { a.out(0, smooth_l1(a.in(0), a.in(1), a)); });

EMU_OP(SmoothL1LossGrad)
    .input("predict", kFloats)
    .input("label", same_as("predict"))
    .input("dout", same_as("predict"))
    .output("gradient", same_as("predict"))
    .attr("sigma", 1.0)
    .in_float()
    .shapes(expect_sigma)
    .shapes(all_alike)
    .body([](Args &a) { a.out(0, smooth_l1_slope(a.in(0), a.in(1), a) * a.in(2)); });

const bool defined __attribute__((unused)) = [] {
  reduced(Define("MseLoss"), "predict", "label", "y").body(reduced_body(mse));
  gradient(Define("MseLossGrad")
               .input("predict", kFloats)
               .input("label", same_as("predict"))
               .input("dout", same_as("predict"))
               .output("y", same_as("predict")),
           0, 2)
      .body(gradient_body(mse_slope, 0, 2));
  reduced(Define("SmoothL1LossV2").attr("sigma", 1.0), "predict", "label", "loss")
      .shapes(expect_sigma)
      .body(reduced_body(smooth_l1));
  gradient(Define("SmoothL1LossGradV2")
               .attr("sigma", 1.0)
               .input("predict", kFloats)
               .input("label", same_as("predict"))
               .input("dout", same_as("predict"))
               .output("gradient", same_as("predict")),
           0, 2)
      .shapes(expect_sigma)
      .body(gradient_body(smooth_l1_slope, 0, 2));
  reduced(Define("LpLoss").required_attr("p", EMU_ATTR_INT), "predict", "label", "y")
      .shapes([](Shapes &shapes) {
        if (shapes.i("p") == 1) return;
        shapes.refuse(kAttr, "attribute [p] is %lld; CANN computes only 1",
                      static_cast<long long>(shapes.i("p")));
      })
      .body(reduced_body(l1));
  gradient(Define("L1LossGrad")
               .input("grads", kFloats)
               .input("predict", same_as("grads"))
               .input("label", same_as("grads"))
               .output("y", same_as("grads")),
           1, 0)
      .body(gradient_body(l1_slope, 1, 0));
  reduced(Define("SoftMarginLoss"), "input_x", "input_y", "output_z")
      .body(reduced_body(soft_margin));
  gradient(Define("SoftMarginLossGrad")
               .input("predict", kFloats)
               .input("label", same_as("predict"))
               .input("dout", same_as("predict"))
               .output("gradient", same_as("predict")),
           0, 2)
      .body(gradient_body(soft_margin_slope, 0, 2));
  return true;
}();

}  // namespace

}  // namespace ascend_emu

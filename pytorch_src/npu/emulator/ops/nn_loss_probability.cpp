/* Losses between probabilities: binary cross entropy, Kullback-Leibler divergence. */
#include "args.h"
#include "nn_reduction.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

const std::vector<std::string> kReductions{"none", "mean", "sum"};

/* Optional factors from input `first` on broadcast to the shape of x. */
void expect_weights(Shapes &shapes, int first, int last) {
  for (int input = first; input <= last; ++input) {
    expect_broadcast(shapes, input, shapes.dims(0));
  }
}

at::Tensor weighted(const at::Tensor &t, const Args &a, int weight) {
  return a.has(weight) ? t * a.in(weight) : t;
}

EMU_OP(BinaryCrossEntropy)
    .input("x", kFloats)
    .input("y", same_as("x"))
    .optional_input("weight", same_as("x"))
    .output("output", same_as("x"))
    .attr("reduction", "mean")
    .one_of(kReductions)
    .in_float()
    .shapes([](Shapes &shapes) {
      expect_same_dims(shapes, 0, 1);
      expect_weights(shapes, 2, 2);
      set_reduced(shapes, 0, shapes.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor losses = at::binary_cross_entropy(a.in(0), a.in(1), at::Tensor(),
                                                         at::Reduction::None);
      out_reduced(a, 0, weighted(losses, a, 2));
    });

EMU_OP(BinaryCrossEntropyGrad)
    .input("x", kFloats)
    .input("y", same_as("x"))
    .input("grad_output", same_as("x"))
    .optional_input("weight", same_as("x"))
    .output("output", same_as("x"))
    .attr("reduction", "mean")
    .one_of(kReductions)
    .in_float()
    .shapes([](Shapes &shapes) {
      expect_same_dims(shapes, 0, 1);
      expect_weights(shapes, 2, 3);
      shapes.set(0, shapes.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const at::Tensor slope = (x - a.in(1)) / (x * (1 - x)).clamp_min(1e-12);
      a.out(0, weighted(slope * a.in(2), a, 3) / reduction_divisor(a, a.dims(0)));
    });

EMU_OP(SigmoidCrossEntropyWithLogits)
    .input("predict", kFloats)
    .input("target", same_as("predict"))
    .output("loss", same_as("predict"))
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(all_alike)
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      a.out(0, x.clamp_min(0) - x * a.in(1) + at::log1p(at::exp(-x.abs())));
    });

EMU_OP(SigmoidCrossEntropyWithLogitsGrad)
    .input("predict", kFloats)
    .input("target", same_as("predict"))
    .input("dout", same_as("predict"))
    .output("gradient", same_as("predict"))
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(all_alike)
    .body([](Args &a) { a.out(0, (at::sigmoid(a.in(0)) - a.in(1)) * a.in(2)); });

EMU_OP(SigmoidCrossEntropyWithLogitsV2)
    .input("predict", kFloats)
    .input("target", same_as("predict"))
    .optional_input("weight", same_as("predict"))
    .optional_input("pos_weight", same_as("predict"))
    .output("loss", same_as("predict"))
    .attr("reduction", "mean")
    .one_of(kReductions)
    .in_float()
    .shapes([](Shapes &shapes) {
      expect_same_dims(shapes, 0, 1);
      expect_weights(shapes, 2, 3);
      set_reduced(shapes, 0, shapes.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const at::Tensor target = a.in(1);
      /* log(1 + exp(-x)), counted once for what is not the target and pos_weight times for what
         is. */
      const at::Tensor log_part = at::log1p(at::exp(-x.abs())) + (-x).clamp_min(0);
      const at::Tensor often =
          a.has(3) ? (a.in(3) - 1) * target + 1 : at::ones_like(target);
      out_reduced(a, 0, weighted((1 - target) * x + often * log_part, a, 2));
    });

EMU_OP(SigmoidCrossEntropyWithLogitsGradV2)
    .input("predict", kFloats)
    .input("target", same_as("predict"))
    .input("dout", same_as("predict"))
    .optional_input("weight", same_as("predict"))
    .optional_input("pos_weight", same_as("predict"))
    .output("gradient", same_as("predict"))
    .attr("reduction", "mean")
    .one_of(kReductions)
    .in_float()
    .shapes([](Shapes &shapes) {
      expect_same_dims(shapes, 0, 1);
      expect_weights(shapes, 2, 4);
      shapes.set(0, shapes.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor target = a.in(1);
      const at::Tensor positive = a.has(4) ? target * a.in(4) : target;
      const at::Tensor slope = (positive + 1 - target) * at::sigmoid(a.in(0)) - positive;
      a.out(0, weighted(slope * a.in(2), a, 3) / reduction_divisor(a, a.dims(0)));
    });

EMU_OP(KLDiv)
    .input("x", kFloating)
    .input("target", same_as("x"))
    .output("y", same_as("x"))
    .required_attr("reduction", EMU_ATTR_STRING)
    .one_of({"sum", "batchmean"})
    .in_float()
    .shapes([](Shapes &shapes) {
      expect_same_dims(shapes, 0, 1);
      set_reduced(shapes, 0, shapes.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor target = a.in(1);
      const at::Tensor losses = target * (at::log(target) - a.in(0));
      /* What is never the target costs nothing. */
      out_reduced(a, 0, losses.masked_fill(target.le(0), 0));
    });

EMU_OP(KlDivLossGrad)
    .input("grad", kFloats)
    .input("input", same_as("grad"))
    .input("target", same_as("grad"))
    .output("y", same_as("grad"))
    .attr("reduction", "mean")
    .one_of({"none", "mean", "sum", "batchmean"})
    .attr("log_target", false)
    .in_float()
    .shapes([](Shapes &shapes) {
      expect_same_dims(shapes, 1, 2);
      expect_broadcast(shapes, 0, shapes.dims(1));
      shapes.set(0, shapes.dims(1));
    })
    .body([](Args &a) {
      const at::Tensor target = a.b("log_target") ? at::exp(a.in(2)) : a.in(2).clamp_min(0);
      a.out(0, -target * a.in(0) / reduction_divisor(a, a.dims(1)));
    });

}  // namespace

}  // namespace ascend_emu

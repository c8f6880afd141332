// Binary cross entropy: of probabilities and of logits.
#include "kernels/loss_support.h"

namespace npu {
namespace kernels {

namespace {

using MaybeTensor = c10::optional<at::Tensor>;

void weight_input(OpCommand& command, const MaybeTensor& weight, const at::Tensor& self) {
  if (!is_given(weight)) {
    command.no_input();
    return;
  }
  command.input(cast(*weight, self.scalar_type()));
}

void check_same_sizes(const at::Tensor& self, const at::Tensor& target) {
  TORCH_CHECK(self.sizes() == target.sizes(), "Using a target size (", target.sizes(),
              ") that is different to the input size (", self.sizes(), ") is deprecated. Please "
              "ensure they have the same size.");
}

}  // namespace

at::Tensor binary_cross_entropy(const at::Tensor& self, const at::Tensor& target,
                                const MaybeTensor& weight, int64_t reduction) {
  check_same_sizes(self, target);
  if (!takes(kFloats, self.scalar_type())) {
    return on_cpu("aten::binary_cross_entropy", "", self, target, weight, reduction)[0].toTensor();
  }
  const LossPair pair("binary_cross_entropy", self, target);
  const at::Tensor out = empty_like_sizes(loss_sizes(self.sizes(), reduction), pair.self);
  OpCommand command("BinaryCrossEntropy");
  command.input(pair.self).input(pair.target);
  weight_input(command, weight, pair.self);
  command.output(out).attr("reduction", reduction_name(reduction)).run();
  return out;
}

at::Tensor& binary_cross_entropy_out(const at::Tensor& self, const at::Tensor& target,
                                     const MaybeTensor& weight, int64_t reduction,
                                     at::Tensor& out) {
  give("binary_cross_entropy", kernels::binary_cross_entropy(self, target, weight, reduction), out);
  return out;
}

at::Tensor binary_cross_entropy_backward(const at::Tensor& grad_output, const at::Tensor& self,
                                         const at::Tensor& target, const MaybeTensor& weight,
                                         int64_t reduction) {
  if (!takes(kFloats, self.scalar_type())) {
    return on_cpu("aten::binary_cross_entropy_backward", "", grad_output, self, target, weight,
                  reduction)[0]
        .toTensor();
  }
  const LossPair pair("binary_cross_entropy_backward", self, target);
  const at::Tensor out = empty_like_sizes(self.sizes(), pair.self);
  OpCommand command("BinaryCrossEntropyGrad");
  command.input(pair.self).input(pair.target).input(cast(grad_output, pair.self.scalar_type()));
  weight_input(command, weight, pair.self);
  command.output(out).attr("reduction", reduction_name(reduction)).run();
  return out;
}

at::Tensor& binary_cross_entropy_backward_grad_input(const at::Tensor& grad_output,
                                                     const at::Tensor& self,
                                                     const at::Tensor& target,
                                                     const MaybeTensor& weight, int64_t reduction,
                                                     at::Tensor& grad_input) {
  give("binary_cross_entropy_backward",
       kernels::binary_cross_entropy_backward(grad_output, self, target, weight, reduction),
       grad_input);
  return grad_input;
}

at::Tensor binary_cross_entropy_with_logits(const at::Tensor& self, const at::Tensor& target,
                                            const MaybeTensor& weight,
                                            const MaybeTensor& pos_weight, int64_t reduction) {
  const LossPair pair("binary_cross_entropy_with_logits", self, target);
  if (!pair.is_native()) {
    return on_cpu("aten::binary_cross_entropy_with_logits", "", self, target, weight, pos_weight,
                  reduction)[0]
        .toTensor();
  }
  const at::Tensor out = empty_like_sizes(loss_sizes(pair.self.sizes(), reduction), pair.self);
  OpCommand command("SigmoidCrossEntropyWithLogitsV2");
  command.input(pair.self).input(pair.target);
  weight_input(command, weight, pair.self);
  weight_input(command, pos_weight, pair.self);
  command.output(out).attr("reduction", reduction_name(reduction)).run();
  return out;
}

}  // namespace kernels
}  // namespace npu

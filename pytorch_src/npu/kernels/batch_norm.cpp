// Batch normalisation, of any number of spatial dims.
#include "kernels/norm_support.h"

namespace npu {
namespace kernels {

namespace {

// One float for each channel: `given`, or `otherwise` for all.
at::Tensor channel_values(const c10::optional<at::Tensor>& given, const at::Tensor& input,
                          double otherwise) {
  if (is_given(given)) return cast(*given, at::kFloat);
  return empty_like_sizes({input.size(1)}, input, at::kFloat).fill_(otherwise);
}

at::Tensor new_values(const at::Tensor& input) {
  return empty_like_sizes({input.size(1)}, input, at::kFloat);
}

void check_input(const char* name, const at::Tensor& input) {
  TORCH_CHECK(input.dim() >= 2, name, ": expected an input of 2 dims or more (samples, channels, ",
              "...), but got shape ", input.sizes());
}

struct Batch {
  at::Tensor mean, variance;
};

// Normalises with the batch's own statistics, and moves the running ones towards them.
Batch train(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
            const c10::optional<at::Tensor>& running_mean,
            const c10::optional<at::Tensor>& running_var, double momentum, double eps,
            const at::Tensor& y) {
  const at::Tensor sum = new_values(input);
  const at::Tensor square_sum = new_values(input);
  OpCommand("BNTrainingReduce").input(input).output(sum).output(square_sum).run();
  const Batch batch{new_values(input), new_values(input)};
  const bool updates = is_given(running_mean) && is_given(running_var);
  OpCommand command(updates ? "BNTrainingUpdate" : "BNTrainingUpdateV2");
  command.input(input).input(sum).input(square_sum).input(weight).input(bias);
  if (!updates) {
    command.output(y).output(batch.mean).output(batch.variance).attr("epsilon", eps).run();
    return batch;
  }
  const at::Tensor mean = cast(*running_mean, at::kFloat);
  const at::Tensor variance = cast(*running_var, at::kFloat);
  command.input(mean).input(variance)
      .output(y).output(mean).output(variance).output(batch.mean).output(batch.variance)
      .attr("factor", momentum).attr("epsilon", eps)
      .run();
  at::Tensor kept_mean = *running_mean;
  at::Tensor kept_variance = *running_var;
  if (!mean.is_same(kept_mean)) npu::copy_(kept_mean, mean, true);
  if (!variance.is_same(kept_variance)) npu::copy_(kept_variance, variance, true);
  return batch;
}

Three normalise(const at::Tensor& input, const c10::optional<at::Tensor>& weight,
                const c10::optional<at::Tensor>& bias,
                const c10::optional<at::Tensor>& running_mean,
                const c10::optional<at::Tensor>& running_var, bool training, double momentum,
                double eps) {
  check_input("batch_norm", input);
  const auto or_none = [](const c10::optional<at::Tensor>& t) {
    return is_given(t) ? *t : at::Tensor();
  };
  check_devices("batch_norm", {input, or_none(weight), or_none(bias), or_none(running_mean),
                               or_none(running_var)});
  const at::Tensor scale = channel_values(weight, input, 1);
  const at::Tensor offset = channel_values(bias, input, 0);
  const at::Tensor y = empty_like_sizes(input.sizes(), input);
  if (!training) {
    TORCH_CHECK(is_given(running_mean) && is_given(running_var),
                "batch_norm: expected running_mean and running_var to be given when training is ",
                "false");
    OpCommand("BNInfer")
        .input(input).input(scale).input(offset)
        .input(cast(*running_mean, at::kFloat)).input(cast(*running_var, at::kFloat))
        .output(y)
        .attr("epsilon", eps)
        .run();
    const at::Tensor none = empty_like_sizes({0}, input, at::kFloat);
    return std::make_tuple(y, none, none);
  }
  TORCH_CHECK(input.numel() > 0, "batch_norm: expected elements to take statistics of, but got ",
              "shape ", input.sizes());
  const Batch batch = train(input, scale, offset, running_mean, running_var, momentum, eps, y);
  return std::make_tuple(y, batch.mean, batch.variance.add(eps).rsqrt_());
}

bool goes_to_cpu(const char* name, const at::Tensor& input) {
  if (kTaken & bit(input.scalar_type())) return false;
  check_cpu_allowed(name, input.scalar_type(), kTaken);
  return true;
}

}  // namespace

#if NPU_TORCH_VERSION < 20000

namespace {

// The schema does not say that running statistics change, so that they do not come back from the
// CPU: they are moved here, by what the CPU found.
void move_statistics(const at::Tensor& input, const at::Tensor& mean, const at::Tensor& invstd,
                     double momentum, double eps, at::Tensor running_mean, at::Tensor running_var) {
  const double count = static_cast<double>(input.numel() / input.size(1));
  const at::Tensor variance = invstd.pow(-2).sub(eps).mul(count / (count - 1));
  running_mean.mul_(1 - momentum).add_(mean.mul(momentum));
  running_var.mul_(1 - momentum).add_(variance.mul(momentum));
}

}  // namespace

Three native_batch_norm(const at::Tensor& input, const c10::optional<at::Tensor>& weight,
                        const c10::optional<at::Tensor>& bias,
                        const c10::optional<at::Tensor>& running_mean,
                        const c10::optional<at::Tensor>& running_var, bool training,
                        double momentum, double eps) {
  if (!goes_to_cpu("batch_norm", input)) {
    return normalise(input, weight, bias, running_mean, running_var, training, momentum, eps);
  }
  const Three done = three_of(on_cpu("aten::native_batch_norm", "", input, weight, bias,
                                     running_mean, running_var, training, momentum, eps));
  if (training && is_given(running_mean) && is_given(running_var)) {
    move_statistics(input, std::get<1>(done), std::get<2>(done), momentum, eps, *running_mean,
                    *running_var);
  }
  return done;
}

#else

Three native_batch_norm(const at::Tensor& input, const c10::optional<at::Tensor>& weight,
                        const c10::optional<at::Tensor>& bias,
                        const c10::optional<at::Tensor>& running_mean,
                        const c10::optional<at::Tensor>& running_var, bool training,
                        double momentum, double eps) {
  if (!goes_to_cpu("batch_norm", input)) {
    return normalise(input, weight, bias, running_mean, running_var, training, momentum, eps);
  }
  // Of the overloads that say what they change, so that the CPU's running statistics come back.
  if (is_given(running_mean) && is_given(running_var)) {
    return three_of(on_cpu("aten::_native_batch_norm_legit", "", input, weight, bias, *running_mean,
                           *running_var, training, momentum, eps));
  }
  return three_of(on_cpu("aten::_native_batch_norm_legit", "no_stats", input, weight, bias,
                         training, momentum, eps));
}

Three _native_batch_norm_legit(const at::Tensor& input, const c10::optional<at::Tensor>& weight,
                               const c10::optional<at::Tensor>& bias, at::Tensor& running_mean,
                               at::Tensor& running_var, bool training, double momentum,
                               double eps) {
  return kernels::native_batch_norm(input, weight, bias, running_mean, running_var, training,
                                    momentum, eps);
}

Three _native_batch_norm_legit_no_stats(const at::Tensor& input,
                                        const c10::optional<at::Tensor>& weight,
                                        const c10::optional<at::Tensor>& bias, bool training,
                                        double momentum, double eps) {
  return kernels::native_batch_norm(input, weight, bias, at::Tensor(), at::Tensor(), training,
                                    momentum, eps);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> _batch_norm_with_update(
    const at::Tensor& input, const c10::optional<at::Tensor>& weight,
    const c10::optional<at::Tensor>& bias, at::Tensor& running_mean, at::Tensor& running_var,
    double momentum, double eps) {
  const Three done = kernels::native_batch_norm(input, weight, bias, running_mean, running_var,
                                                true, momentum, eps);
  return std::make_tuple(std::get<0>(done), std::get<1>(done), std::get<2>(done),
                         empty_like_sizes({0}, input, at::kByte));
}

#endif

Three native_batch_norm_backward(const at::Tensor& grad_out, const at::Tensor& input,
                                 const c10::optional<at::Tensor>& weight,
                                 const c10::optional<at::Tensor>& running_mean,
                                 const c10::optional<at::Tensor>& running_var,
                                 const c10::optional<at::Tensor>& save_mean,
                                 const c10::optional<at::Tensor>& save_invstd, bool train,
                                 double eps, std::array<bool, 3> output_mask) {
  check_input("batch_norm_backward", input);
  if (goes_to_cpu("batch_norm_backward", input)) {
    return three_of(on_cpu("aten::native_batch_norm_backward", "", grad_out, input, weight,
                           running_mean, running_var, save_mean, save_invstd, train, eps,
                           output_mask));
  }
  const at::Tensor scale = channel_values(weight, input, 1);
  const at::Tensor mean = cast(train ? *save_mean : *running_mean, at::kFloat);
  // 1 / deviation is what is kept; as a variance that nothing need be added to it loses nothing.
  const at::Tensor variance = train ? save_invstd->pow(-2) : cast(*running_var, at::kFloat);
  const double epsilon = train ? 0.0 : eps;
  const at::Tensor grad = grad_out.scalar_type() == input.scalar_type()
                              ? contiguous(grad_out)
                              : cast(grad_out, input.scalar_type());
  at::Tensor x_grad, w_grad, b_grad;
  if (train || output_mask[1] || output_mask[2]) {
    w_grad = new_values(input);
    b_grad = new_values(input);
    OpCommand("BNTrainingUpdateGrad")
        .input(grad).input(input).input(mean).input(variance)
        .output(w_grad).output(b_grad)
        .attr("epsilon", epsilon)
        .run();
  }
  if (output_mask[0]) {
    x_grad = empty_like_sizes(input.sizes(), input);
    OpCommand command(train ? "BNTrainingReduceGrad" : "BNInferGrad");
    command.input(grad);
    if (train) command.input(input).input(w_grad).input(b_grad);
    command.input(scale);
    if (train) command.input(mean);
    command.input(variance).output(x_grad).attr("epsilon", epsilon).run();
  }
  const at::ScalarType type = is_given(weight) ? weight->scalar_type() : at::kFloat;
  return std::make_tuple(x_grad, output_mask[1] ? cast(w_grad, type) : at::Tensor(),
                         output_mask[2] ? cast(b_grad, type) : at::Tensor());
}

#if NPU_TORCH_VERSION >= 20000
Three batch_norm_backward(const at::Tensor& grad_out, const at::Tensor& input,
                          const at::Tensor& weight, const c10::optional<at::Tensor>& running_mean,
                          const c10::optional<at::Tensor>& running_var,
                          const c10::optional<at::Tensor>& save_mean,
                          const c10::optional<at::Tensor>& save_var, bool update, double eps,
                          std::array<bool, 3> output_mask, const at::Tensor& /*reserve*/) {
  return kernels::native_batch_norm_backward(grad_out, input, weight, running_mean, running_var,
                                             save_mean, save_var, update, eps, output_mask);
}
#endif

}  // namespace kernels
}  // namespace npu

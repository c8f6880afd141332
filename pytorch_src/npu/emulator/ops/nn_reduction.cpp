#include "nn_reduction.h"

#include "codes.h"

namespace ascend_emu {

namespace {

Dims one_dims(const Call &call, int output) {
  return call.output_dims(output) == Dims{1} ? Dims{1} : Dims{};
}

}  // namespace

void set_reduced(Shapes &shapes, int output, const Dims &losses) {
  shapes.set(output, shapes.s("reduction") == "none" ? losses : one_dims(shapes, output));
}

void set_one(Shapes &shapes, int output) { shapes.set(output, one_dims(shapes, output)); }

void out_reduced(Args &a, int output, const at::Tensor &losses) {
  const std::string reduction = a.s("reduction");
  if (reduction == "none") {
    a.out(output, losses);
    return;
  }
  const at::Tensor sum = losses.sum();
  out_one(a, output, sum / reduction_divisor(a, losses.sizes().vec()));
}

void out_one(Args &a, int output, const at::Tensor &value) {
  a.out(output, value.reshape(one_dims(a, output)));
}

double reduction_divisor(const Call &call, const Dims &losses) {
  const std::string reduction = call.s("reduction");
  if (reduction == "batchmean") return losses.empty() ? 1 : static_cast<double>(losses[0]);
  if (reduction != "mean") return 1;
  double elements = 1;
  for (const int64_t dim : losses) elements *= static_cast<double>(dim);
  return elements;
}

void expect_broadcast(const Call &call, int input, const Dims &to) {
  Dims result;
  if (!call.has(input)) return;
  if (broadcast_dims(call.dims(input), to, &result) && result == to) return;
  call.refuse(kAtCheck, "input %s has shape %s; it must broadcast to %s",
              call.input_name(input).c_str(), dims_text(call.dims(input)).c_str(),
              dims_text(to).c_str());
}

void expect_same_dims(const Call &call, int first, int second) {
  if (call.dims(first) == call.dims(second)) return;
  call.refuse(kAtCheck, "input %s has shape %s, input %s has %s; they must be the same",
              call.input_name(first).c_str(), dims_text(call.dims(first)).c_str(),
              call.input_name(second).c_str(), dims_text(call.dims(second)).c_str());
}

}  // namespace ascend_emu

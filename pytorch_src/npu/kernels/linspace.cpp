// Rising numbers, and the unit matrix.
#include <cmath>

#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kCounted = bit(at::kFloat) | bit(at::kDouble) | bit(at::kInt) | bit(at::kLong);

// The type to count in: halves would lose their place, and small integers are not among the
// operator's types.
at::ScalarType counting_type(at::ScalarType type) {
  if (takes(kCounted, type)) return type;
  return at::isIntegralType(type, true) ? at::kInt : at::kFloat;
}

void check_step(const char* op, const at::Scalar& start, const at::Scalar& end,
                const at::Scalar& step) {
  const double from = start.toDouble();
  const double to = end.toDouble();
  const double by = step.toDouble();
  TORCH_CHECK(by != 0, op, ": step must be nonzero");
  TORCH_CHECK(std::isfinite(from) && std::isfinite(to), op, ": unsupported range: ", from, " -> ",
              to);
  TORCH_CHECK((by > 0 && to >= from) || (by < 0 && to <= from), op,
              ": upper bound and lower bound inconsistent with step sign: from ", from, " to ", to,
              " by ", by);
}

// Gives `out` so many numbers, `step` apart. The operator finds out itself how many there are, in
// its own precision: a limit half a step beyond the last one leaves no doubt.
void count(at::Tensor& out, const at::Scalar& start, const at::Scalar& step, int64_t number) {
  if (out.numel() != number) resize_output(out, {number});
  if (number == 0) return;
  const at::ScalarType type = counting_type(out.scalar_type());
  const at::Tensor to = out.scalar_type() == type ? out : empty_like_sizes(out.sizes(), out, type);
  OpCommand command("Range");
  command.host_scalar(start, type);
  if (at::isIntegralType(type, false)) {
    command.host_scalar(start.toLong() + step.toLong() * number, type);
  } else {
    const double last = static_cast<double>(number) - 0.5;
    command.host_scalar(start.toDouble() + step.toDouble() * last, type);
  }
  command.host_scalar(step, type).output(to.dim() == 1 ? to : to.view({-1})).run();
  if (!to.is_same(out)) npu::copy_(out, to, true);
}

// Gives `out` numbers from one to the other, both among them.
at::Tensor& spread(const at::Scalar& start, const at::Scalar& end, int64_t steps, at::Tensor& out) {
  TORCH_CHECK(steps >= 0, "number of steps must be non-negative; it is ", steps);
  if (out.numel() != steps) resize_output(out, {steps});
  if (steps == 0) return out;
  if (steps == 1) return out.fill_(start);
  const at::ScalarType type = out.scalar_type() == at::kFloat ? at::kFloat : at::kDouble;
  const at::Tensor to = out.scalar_type() == type ? out : empty_like_sizes({steps}, out, type);
  OpCommand("LinSpace")
      .host_scalar(start, type)
      .host_scalar(end, type)
      .host_scalar(steps, at::kLong)
      .output(to.view({-1}))
      .run();
  if (!to.is_same(out)) npu::copy_(out, to.view(out.sizes()), true);
  return out;
}

}  // namespace

at::Tensor& arange_start_out(ScalarArg start, ScalarArg end, ScalarArg step, at::Tensor& out) {
  check_step("arange", start, end, step);
  double number = 0;
  if (at::isIntegralType(out.scalar_type(), false)) {
    const int64_t by = step.toLong();
    TORCH_CHECK(by != 0, "arange: step must be nonzero");
    const int64_t sign = by > 0 ? 1 : -1;
    number = static_cast<double>((end.toLong() - start.toLong() + by - sign) / by);
  } else {
    number = std::ceil((end.toDouble() - start.toDouble()) / step.toDouble());
  }
  count(out, start, step, static_cast<int64_t>(number));
  return out;
}

at::Tensor& range_out(ScalarArg start, ScalarArg end, ScalarArg step, at::Tensor& out) {
  check_step("range", start, end, step);
  const double steps = (end.toDouble() - start.toDouble()) / step.toDouble();
  count(out, start, step, static_cast<int64_t>(steps + 1));
  return out;
}

#if NPU_TORCH_VERSION < 20000
at::Tensor& linspace_out(at::Scalar start, at::Scalar end, c10::optional<int64_t> steps,
                         at::Tensor& out) {
  if (!steps.has_value()) {
    TORCH_WARN_ONCE("linspace: no number of steps is given, and 100 are taken; later releases of "
                    "PyTorch refuse that");
  }
  return spread(start, end, steps.value_or(100), out);
}
#else
at::Tensor& linspace_out(const at::Scalar& start, const at::Scalar& end, int64_t steps,
                         at::Tensor& out) {
  return spread(start, end, steps, out);
}
#endif

at::Tensor& eye_m_out(int64_t n, int64_t m, at::Tensor& out) {
  TORCH_CHECK(n >= 0 && m >= 0, "eye: the sizes are ", n, " and ", m, "; they cannot be negative");
  resize_output(out, {n, m});
  if (out.numel() == 0) return out;
  const at::Tensor to = out.scalar_type() == at::kBool ? out.view(at::kByte) : out;
  OpCommand("Eye")
      .output(to)
      .attr("num_rows", n)
      .attr("num_columns", m)
      .attr("dtype", static_cast<int64_t>(to_acl_type(to.scalar_type())))
      .run();
  return out;
}

at::Tensor& eye_out(int64_t n, at::Tensor& out) { return eye_m_out(n, n, out); }

}  // namespace kernels
}  // namespace npu

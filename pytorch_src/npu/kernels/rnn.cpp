// The cells of LSTM and GRU, after the products with the weights.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

using MaybeTensor = c10::optional<at::Tensor>;

// Both products, and their biases.
at::Tensor with_bias(const at::Tensor& gates, const MaybeTensor& bias) {
  return is_given(bias) ? gates.add(*bias) : gates;
}

at::Tensor bias_gradient(const at::Tensor& gates, bool has_bias) {
  return has_bias ? gates.sum(0) : at::Tensor();
}

void check_gates(const at::Tensor& gates, const at::Tensor& state, int64_t count) {
  TORCH_CHECK(gates.dim() == 2 && state.dim() == 2 && gates.size(0) == state.size(0) &&
                  gates.size(1) == state.size(1) * count,
              "a cell of a recurrent network: the gates have shape ", gates.sizes(),
              " and the state ", state.sizes(), "; [N, ", count, " * H] and [N, H] are expected");
}

}  // namespace

// The workspace holds the four gates after their activations.
std::tuple<at::Tensor, at::Tensor, at::Tensor> _thnn_fused_lstm_cell(
    const at::Tensor& input_gates, const at::Tensor& hidden_gates, const at::Tensor& cx,
    const MaybeTensor& input_bias, const MaybeTensor& hidden_bias) {
  check_gates(input_gates, cx, 4);
  const at::Tensor gates =
      with_bias(input_gates, input_bias).add(with_bias(hidden_gates, hidden_bias));
  const std::vector<at::Tensor> parts = gates.chunk(4, 1);
  const at::Tensor input = parts[0].sigmoid();
  const at::Tensor forget = parts[1].sigmoid();
  const at::Tensor cell = parts[2].tanh();
  const at::Tensor output = parts[3].sigmoid();
  const at::Tensor cy = forget.mul(cx).add_(input.mul(cell));
  const at::Tensor hy = output.mul(cy.tanh());
  return std::make_tuple(hy, cy, at::cat({input, forget, cell, output}, 1));
}

namespace {

// Gradients of the gates, of the cell before and of the bias.
std::tuple<at::Tensor, at::Tensor, at::Tensor> lstm_gradients(
    const MaybeTensor& grad_hy, const MaybeTensor& grad_cy, const at::Tensor& cx,
    const at::Tensor& cy, const at::Tensor& workspace, bool has_bias) {
  if (!is_given(grad_hy) && !is_given(grad_cy)) {
    return std::make_tuple(at::Tensor(), at::Tensor(), at::Tensor());
  }
  const std::vector<at::Tensor> parts = workspace.chunk(4, 1);
  const at::Tensor& input = parts[0];
  const at::Tensor& forget = parts[1];
  const at::Tensor& cell = parts[2];
  const at::Tensor& output = parts[3];
  at::Tensor to_cell = is_given(grad_cy) ? *grad_cy : at::Tensor();
  at::Tensor to_output;
  if (is_given(grad_hy)) {
    const at::Tensor squashed = cy.tanh();
    to_output = at::sigmoid_backward(grad_hy->mul(squashed), output);
    const at::Tensor through = at::tanh_backward(grad_hy->mul(output), squashed);
    to_cell = to_cell.defined() ? to_cell.add(through) : through;
  } else {
    to_output = at::zeros_like(output, c10::nullopt, c10::nullopt, c10::nullopt, c10::nullopt,
                               at::MemoryFormat::Contiguous);
  }
  const at::Tensor grad_gates = at::cat({at::sigmoid_backward(to_cell.mul(cell), input),
                                         at::sigmoid_backward(to_cell.mul(cx), forget),
                                         at::tanh_backward(to_cell.mul(input), cell), to_output},
                                        1);
  return std::make_tuple(grad_gates, to_cell.mul(forget), bias_gradient(grad_gates, has_bias));
}

}  // namespace

#if NPU_TORCH_VERSION < 20000
// The input and the hidden state have the same gates, and so the same gradients.
std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor>
_thnn_fused_lstm_cell_backward(const MaybeTensor& grad_hy, const MaybeTensor& grad_cy,
                               const at::Tensor& cx, const at::Tensor& cy,
                               const at::Tensor& workspace, bool has_bias) {
  const auto found = lstm_gradients(grad_hy, grad_cy, cx, cy, workspace, has_bias);
  const at::Tensor& gates = std::get<0>(found);
  const at::Tensor& bias = std::get<2>(found);
  return std::make_tuple(gates, gates, std::get<1>(found), bias, bias);
}
#else
std::tuple<at::Tensor, at::Tensor, at::Tensor> _thnn_fused_lstm_cell_backward_impl(
    const MaybeTensor& grad_hy, const MaybeTensor& grad_cy, const at::Tensor& cx,
    const at::Tensor& cy, const at::Tensor& workspace, bool has_bias) {
  return lstm_gradients(grad_hy, grad_cy, cx, cy, workspace, has_bias);
}
#endif

// The workspace holds the reset, update and new gates, the state before, and the part of the new
// gate that the reset gate scales.
std::tuple<at::Tensor, at::Tensor> _thnn_fused_gru_cell(const at::Tensor& input_gates,
                                                        const at::Tensor& hidden_gates,
                                                        const at::Tensor& hx,
                                                        const MaybeTensor& input_bias,
                                                        const MaybeTensor& hidden_bias) {
  check_gates(input_gates, hx, 3);
  const std::vector<at::Tensor> in = with_bias(input_gates, input_bias).chunk(3, 1);
  const std::vector<at::Tensor> hidden = with_bias(hidden_gates, hidden_bias).chunk(3, 1);
  const at::Tensor reset = in[0].add(hidden[0]).sigmoid();
  const at::Tensor update = in[1].add(hidden[1]).sigmoid();
  const at::Tensor fresh = in[2].add(reset.mul(hidden[2])).tanh();
  const at::Tensor hy = fresh.add(update.mul(hx.sub(fresh)));
  return std::make_tuple(hy, at::cat({reset, update, fresh, hx, hidden[2]}, 1));
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor>
_thnn_fused_gru_cell_backward(const at::Tensor& grad_hy, const at::Tensor& workspace,
                              bool has_bias) {
  const std::vector<at::Tensor> parts = workspace.chunk(5, 1);
  const at::Tensor& reset = parts[0];
  const at::Tensor& update = parts[1];
  const at::Tensor& fresh = parts[2];
  const at::Tensor kept = grad_hy.mul(update);
  const at::Tensor to_update = at::sigmoid_backward(grad_hy.mul(parts[3].sub(fresh)), update);
  const at::Tensor to_fresh = at::tanh_backward(grad_hy.sub(kept), fresh);
  const at::Tensor to_reset = at::sigmoid_backward(to_fresh.mul(parts[4]), reset);
  const at::Tensor input = at::cat({to_reset, to_update, to_fresh}, 1);
  const at::Tensor hidden = at::cat({to_reset, to_update, to_fresh.mul(reset)}, 1);
  return std::make_tuple(input, hidden, kept, bias_gradient(input, has_bias),
                         bias_gradient(hidden, has_bias));
}

}  // namespace kernels
}  // namespace npu

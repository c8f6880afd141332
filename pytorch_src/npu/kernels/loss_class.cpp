// The negative log likelihood of classes: of rows, and of images, whose pixels become rows.
#include "kernels/loss_support.h"

namespace npu {
namespace kernels {

namespace {

using MaybeTensor = c10::optional<at::Tensor>;
using Pair = std::tuple<at::Tensor, at::Tensor>;

// The operators compute in float32 or bfloat16; float16 has a place in float32.
constexpr Types kComputed = bit(at::kFloat) | bit(at::kBFloat16);

at::ScalarType computing_type(const at::Tensor& self) {
  return self.scalar_type() == at::kHalf ? at::kFloat : self.scalar_type();
}

struct Classes {
  at::Tensor rows;    // [N, C]
  at::Tensor target;  // [N]
  at::Tensor weight;  // [C], or undefined
};

at::Tensor target_rows(const at::Tensor& target) {
  const at::ScalarType type = target.scalar_type();
  TORCH_CHECK(type == at::kLong || type == at::kInt || type == at::kByte,
              "nll_loss: the target is of ", type, "; int64, int32 or uint8 are expected");
  return (type == at::kByte ? cast(target, at::kInt) : target).reshape({-1});
}

Classes classes_of(const at::Tensor& rows, const at::Tensor& target, const MaybeTensor& weight) {
  check_devices("nll_loss", {rows, target});
  const at::ScalarType type = computing_type(rows);
  Classes classes{cast(rows, type), target_rows(target), at::Tensor()};
  TORCH_CHECK(classes.rows.size(0) == classes.target.size(0), "nll_loss: the batch has ",
              classes.rows.size(0), " samples and the target ", classes.target.size(0));
  if (is_given(weight)) {
    TORCH_CHECK(weight->dim() == 1 && weight->numel() == rows.size(1),
                "weight tensor should be defined either for all ", rows.size(1),
                " classes or no classes but got weight tensor of shape: ", weight->sizes());
    classes.weight = cast(*weight, type);
  }
  return classes;
}

Pair loss_of(const Classes& classes, at::IntArrayRef losses, int64_t reduction, int64_t ignore,
             at::ScalarType type) {
  const at::Tensor& rows = classes.rows;
  const bool each = reduction == at::Reduction::None;
  const at::Tensor out = each ? empty_like_sizes({rows.size(0)}, rows) : empty_like_sizes({}, rows);
  const at::Tensor total = empty_like_sizes({}, rows);
  OpCommand command("NLLLoss");
  command.input(rows).input(classes.target);
  if (classes.weight.defined()) {
    command.input(classes.weight);
  } else {
    command.no_input();
  }
  command.output(out)
      .output(total)
      .attr("reduction", reduction_name(reduction))
      .attr("ignore_index", ignore)
      .run();
  return Pair(cast(out, type).view(each ? losses : at::IntArrayRef()), cast(total, type));
}

// Of the rows.
at::Tensor gradient_of(const Classes& classes, const at::Tensor& grad, int64_t reduction,
                       int64_t ignore, const at::Tensor& total) {
  const at::ScalarType type = classes.rows.scalar_type();
  const at::Tensor out = empty_like_sizes(classes.rows.sizes(), classes.rows);
  const at::Tensor weight = classes.weight.defined()
                                ? classes.weight
                                : empty_like_sizes({classes.rows.size(1)}, classes.rows).fill_(1);
  OpCommand("NLLLossGrad")
      .input(classes.rows)
      .input(cast(grad, type).reshape(reduction == at::Reduction::None ? at::IntArrayRef({-1})
                                                                      : at::IntArrayRef({1})))
      .input(classes.target)
      .input(weight)
      .input(cast(total, type).reshape({1}))
      .output(out)
      .attr("reduction", reduction_name(reduction))
      .attr("ignore_index", ignore)
      .run();
  return out;
}

void check_rows(const at::Tensor& self, const at::Tensor& target) {
  TORCH_CHECK(self.dim() == 1 || self.dim() == 2, "input tensor should be 1D or 2D; it has ",
              self.dim(), " dims");
  TORCH_CHECK(target.dim() <= 1, "0D or 1D target tensor expected, multi-target not supported");
}

void check_image(const at::Tensor& self, const at::Tensor& target) {
  TORCH_CHECK(self.dim() == 4 && target.dim() == 3, "nll_loss of images: the input has ",
              self.dim(), " dims and the target ", target.dim(), "; 4 and 3 are expected");
  TORCH_CHECK(self.size(0) == target.size(0) && self.size(2) == target.size(1) &&
                  self.size(3) == target.size(2),
              "size mismatch (got input: ", self.sizes(), ", target: ", target.sizes(), ")");
}

at::Tensor as_rows(const at::Tensor& self) { return self.dim() == 1 ? self.unsqueeze(0) : self; }

at::Tensor pixels(const at::Tensor& image) {
  return image.permute({0, 2, 3, 1}).reshape({-1, image.size(1)});
}

bool is_native(const at::Tensor& self) { return takes(kComputed, computing_type(self)); }

}  // namespace

Pair nll_loss_forward(const at::Tensor& self, const at::Tensor& target, const MaybeTensor& weight,
                      int64_t reduction, int64_t ignore_index) {
  check_rows(self, target);
  if (!is_native(self)) {
    const auto stack =
        on_cpu("aten::nll_loss_forward", "", self, target, weight, reduction, ignore_index);
    return Pair(stack[0].toTensor(), stack[1].toTensor());
  }
  return loss_of(classes_of(as_rows(self), target, weight), target.sizes(), reduction, ignore_index,
                 self.scalar_type());
}

std::tuple<at::Tensor&, at::Tensor&> nll_loss_forward_output(
    const at::Tensor& self, const at::Tensor& target, const MaybeTensor& weight, int64_t reduction,
    int64_t ignore_index, at::Tensor& output, at::Tensor& total_weight) {
  const Pair pair = kernels::nll_loss_forward(self, target, weight, reduction, ignore_index);
  give("nll_loss_forward", std::get<0>(pair), output);
  give("nll_loss_forward", std::get<1>(pair), total_weight);
  return std::tie(output, total_weight);
}

at::Tensor nll_loss_backward(const at::Tensor& grad_output, const at::Tensor& self,
                             const at::Tensor& target, const MaybeTensor& weight, int64_t reduction,
                             int64_t ignore_index, const at::Tensor& total_weight) {
  check_rows(self, target);
  if (!is_native(self)) {
    return on_cpu("aten::nll_loss_backward", "", grad_output, self, target, weight, reduction,
                  ignore_index, total_weight)[0]
        .toTensor();
  }
  const at::Tensor rows = gradient_of(classes_of(as_rows(self), target, weight), grad_output,
                                      reduction, ignore_index, total_weight);
  return cast(rows, self.scalar_type()).view(self.sizes());
}

at::Tensor& nll_loss_backward_grad_input(const at::Tensor& grad_output, const at::Tensor& self,
                                         const at::Tensor& target, const MaybeTensor& weight,
                                         int64_t reduction, int64_t ignore_index,
                                         const at::Tensor& total_weight, at::Tensor& grad_input) {
  give("nll_loss_backward",
       kernels::nll_loss_backward(grad_output, self, target, weight, reduction, ignore_index,
                                  total_weight),
       grad_input);
  return grad_input;
}

Pair nll_loss2d_forward(const at::Tensor& self, const at::Tensor& target, const MaybeTensor& weight,
                        int64_t reduction, int64_t ignore_index) {
  check_image(self, target);
  if (!is_native(self)) {
    const auto stack =
        on_cpu("aten::nll_loss2d_forward", "", self, target, weight, reduction, ignore_index);
    return Pair(stack[0].toTensor(), stack[1].toTensor());
  }
  return loss_of(classes_of(pixels(self), target, weight), target.sizes(), reduction, ignore_index,
                 self.scalar_type());
}

std::tuple<at::Tensor&, at::Tensor&> nll_loss2d_forward_output(
    const at::Tensor& self, const at::Tensor& target, const MaybeTensor& weight, int64_t reduction,
    int64_t ignore_index, at::Tensor& output, at::Tensor& total_weight) {
  const Pair pair = kernels::nll_loss2d_forward(self, target, weight, reduction, ignore_index);
  give("nll_loss2d_forward", std::get<0>(pair), output);
  give("nll_loss2d_forward", std::get<1>(pair), total_weight);
  return std::tie(output, total_weight);
}

at::Tensor nll_loss2d_backward(const at::Tensor& grad_output, const at::Tensor& self,
                               const at::Tensor& target, const MaybeTensor& weight,
                               int64_t reduction, int64_t ignore_index,
                               const at::Tensor& total_weight) {
  check_image(self, target);
  if (!is_native(self)) {
    return on_cpu("aten::nll_loss2d_backward", "", grad_output, self, target, weight, reduction,
                  ignore_index, total_weight)[0]
        .toTensor();
  }
  const at::Tensor rows = gradient_of(classes_of(pixels(self), target, weight), grad_output,
                                      reduction, ignore_index, total_weight);
  return cast(rows, self.scalar_type())
      .view({self.size(0), self.size(2), self.size(3), self.size(1)})
      .permute({0, 3, 1, 2})
      .contiguous();
}

at::Tensor& nll_loss2d_backward_grad_input(const at::Tensor& grad_output, const at::Tensor& self,
                                           const at::Tensor& target, const MaybeTensor& weight,
                                           int64_t reduction, int64_t ignore_index,
                                           const at::Tensor& total_weight, at::Tensor& grad_input) {
  give("nll_loss2d_backward",
       kernels::nll_loss2d_backward(grad_output, self, target, weight, reduction, ignore_index,
                                    total_weight),
       grad_input);
  return grad_input;
}

}  // namespace kernels
}  // namespace npu

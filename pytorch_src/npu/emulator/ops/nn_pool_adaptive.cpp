/* Pooling that is told the size of its result. */
#include <algorithm>

#include "args.h"
#include "core/refusal.h"
#include "nn_layout.h"
#include "nn_pool_math.h"
#include "shapes.h"
#include "widen.h"

namespace ascend_emu {

namespace {

/* Rows and columns are the last two axes; before them are channels and, if any, samples. */
void expect_planes(const Call &call, int input) {
  const size_t ndim = call.dims(input).size();
  if (ndim == 3 || ndim == 4) return;
  call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
              "input %s has shape %s; [N, C, H, W] or [C, H, W] is expected",
              call.input_name(input).c_str(), dims_text(call.dims(input)).c_str());
}

void adaptive_shapes(Shapes &shapes) {
  expect_planes(shapes, 0);
  const Ints size = shapes.ints("output_size");
  if (size.size() != 2 || size[0] < 1 || size[1] < 1) {
    shapes.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                  "attribute [output_size] is %s; 2 values of 1 or more are expected",
                  dims_text(size).c_str());
  }
  Dims dims = shapes.dims(0);
  std::copy(size.begin(), size.end(), dims.end() - 2);
  shapes.set(0, dims);
  if (shapes.prototype().outputs.size() > 1) shapes.set(1, dims);
}

/* The gradient's planes are those of x, each of its own size. */
void adaptive_grad_shapes(Shapes &shapes) {
  expect_planes(shapes, 0);
  const Dims size = shapes.ints("orig_input_shape");
  const Dims grad = shapes.dims(0);
  bool right = size.size() == grad.size();
  for (size_t i = 0; right && i < size.size(); ++i) {
    right = i + 2 < size.size() ? size[i] == grad[i] : size[i] >= 1;
  }
  if (!right) {
    shapes.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                  "attribute [orig_input_shape] is %s; the shape of input_grad, %s, is expected "
                  "except for the last two dims, 1 or more",
                  dims_text(size).c_str(), dims_text(grad).c_str());
  }
  shapes.set(0, size);
}

EMU_OP(AdaptiveAvgPool2d)
    .input("x", {ACL_FLOAT16, ACL_FLOAT, ACL_BF16})
    .output("y", same_as("x"))
    .required_attr("output_size", EMU_ATTR_LIST_INT)
    .shapes(adaptive_shapes)
    .body([](Args &a) {
      a.out(0, at::adaptive_avg_pool2d(widened(a.in(0)), a.ints("output_size")));
    });

EMU_OP(AdaptiveAvgPool2dGrad)
    .input("input_grad", {ACL_FLOAT16, ACL_FLOAT, ACL_BF16})
    .output("output_grad", same_as("input_grad"))
    .required_attr("orig_input_shape", EMU_ATTR_LIST_INT)
    .shapes(adaptive_grad_shapes)
    .body([](Args &a) {
      const at::Tensor grad = widened(a.in(0));
      const at::Tensor like = at::empty(a.ints("orig_input_shape"), grad.options());
      a.out(0, at::_adaptive_avg_pool2d_backward(grad, like));
    });

EMU_OP(AdaptiveMaxPool2d)
    .input("x", kFloating)
    .output("y", same_as("x"))
    .output("argmax", kIndex)
    .required_attr("output_size", EMU_ATTR_LIST_INT)
    .shapes(adaptive_shapes)
    .body([](Args &a) {
      const auto pooled = at::adaptive_max_pool2d(widened(a.in(0)), a.ints("output_size"));
      a.out(0, std::get<0>(pooled));
      a.out(1, std::get<1>(pooled));
    });

EMU_OP(GlobalAveragePool)
    .input("x", {ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE})
    .output("y", same_as("x"))
    .shapes([](Shapes &shapes) {
      Dims dims = shapes.dims(0);
      if (dims.size() < 3) {
        shapes.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                      "input x has shape %s; [N, C, D1, ...] is expected",
                      dims_text(dims).c_str());
      }
      std::fill(dims.begin() + 2, dims.end(), 1);
      shapes.set(0, dims);
    })
    .body([](Args &a) {
      Dims dims = a.dims(0);
      std::fill(dims.begin() + 2, dims.end(), 1);
      a.out(0, widened(a.in(0)).flatten(2).mean(-1).reshape(dims));
    });

}  // namespace

}  // namespace ascend_emu

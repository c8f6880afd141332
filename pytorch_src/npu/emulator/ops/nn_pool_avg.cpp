/* Average pooling and its gradients. */
#include "args.h"
#include "core/refusal.h"
#include "nn_layout.h"
#include "nn_pool_math.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

const std::vector<std::string> kPlaneFormats{"NHWC", "NCHW"};

bool flag(const Call &call, const char *attr, bool otherwise) {
  return call.prototype().attr(attr) != nullptr ? call.b(attr) : otherwise;
}

/* Whether padding counts has two names, one the other's opposite; TensorFlow never counts it. */
AverageRule rule_of(const Call &call) {
  AverageRule rule;
  rule.include_pad = flag(call, "count_include_pad", !flag(call, "exclusive", true));
  if (call.prototype().attr("divisor_override") != nullptr) {
    rule.divisor = call.i("divisor_override");
  }
  if (rule.divisor < 0) {
    call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                "attribute [divisor_override] is %lld; 0 (the size of the window) or more is "
                "allowed",
                ll(rule.divisor));
  }
  return rule;
}

PoolPlan pool_plan(const Call &call) {
  return plan_pool(call, input_axes(call, 0), call.dims(0));
}

void pool_shapes(Shapes &shapes) {
  rule_of(shapes);
  const PoolPlan plan = pool_plan(shapes);
  shapes.set(0, plan.out_dims(result_axes(shapes, 0, plan.axes)));
}

void pool(Args &a) {
  const PoolPlan plan = pool_plan(a);
  const at::Tensor y = avg_pool(in_depth(a.in(0), plan.axes), plan.geometry, rule_of(a));
  a.out(0, from_depth(y, result_axes(a, 0, plan.axes)));
}

/* The size of x is an attribute of operators named ...D, else input 0. */
bool size_is_attr(const Call &call) {
  return call.prototype().attr("orig_input_shape") != nullptr;
}

PoolPlan grad_plan(const Call &call) {
  const bool attr = size_is_attr(call);
  const int grad = attr ? 0 : 1;
  const std::string axes = input_axes(call, grad);
  const Dims size = attr ? call.ints("orig_input_shape") : call.host_ints(0);
  bool right = size.size() == axes.size();
  for (const int64_t dim : size) right = right && dim >= 0;
  if (!right) {
    call.refuse(attr ? ACL_ERROR_OP_ATTR_NOT_MATCH : ACL_ERROR_OP_INPUT_NOT_MATCH,
                "orig_input_shape is %s; %zu dims are expected, in the order %s",
                dims_text(size).c_str(), axes.size(), axes.c_str());
  }
  const PoolPlan plan = plan_pool(call, axes, size);
  expect_pooled(call, plan, grad);
  return plan;
}

void grad_shapes(Shapes &shapes) {
  rule_of(shapes);
  if (!size_is_attr(shapes) && !shapes.value_known(0)) return;
  const PoolPlan plan = grad_plan(shapes);
  shapes.set(0, plan.in_dims(plan.axes));
}

void grad(Args &a) {
  const PoolPlan plan = grad_plan(a);
  const at::Tensor given = in_depth(a.in(size_is_attr(a) ? 0 : 1), plan.axes);
  a.out(0, from_depth(avg_pool_grad(given, plan.in, plan.geometry, rule_of(a)), plan.axes));
}

Define &&windows(Define &&define) {
  return std::move(define)
      .required_attr("ksize", EMU_ATTR_LIST_INT)
      .required_attr("strides", EMU_ATTR_LIST_INT)
      .layouts(Layouts::kPrivate);
}

/* AvgPool: TensorFlow's. */
Define &&same_or_valid(Define &&define) {
  return windows(std::move(define))
      .required_attr("padding", EMU_ATTR_STRING)
      .one_of({"SAME", "VALID"})
      .attr("data_format", "NHWC")
      .one_of(kPlaneFormats);
}

/* AvgPoolV2: of all frameworks. */
Define &&calculated(Define &&define) {
  return windows(std::move(define))
      .attr("padding_mode", "CALCULATED")
      .one_of({"SAME", "VALID", "CALCULATED"})
      .attr("pads", Ints{0, 0, 0, 0})
      .attr("data_format", "NCHW")
      .one_of(kPlaneFormats)
      .attr("global_pooling", false)
      .attr("ceil_mode", false)
      .attr("exclusive", true);
}

/* AvgPool3D: PyTorch's. */
Define &&deep(Define &&define) {
  return windows(std::move(define))
      .required_attr("pads", EMU_ATTR_LIST_INT)
      .attr("ceil_mode", false)
      .attr("count_include_pad", true)
      .attr("divisor_override", 0)
      .attr("data_format", "NDHWC")
      .one_of({"NDHWC", "NCDHW"});
}

const bool defined __attribute__((unused)) = [] {
  const DtypeSet floats{ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE};
  same_or_valid(Define("AvgPool").input("x", floats).output("y", same_as("x")))
      .shapes(pool_shapes)
      .body(pool);
  calculated(Define("AvgPoolV2").input("x", floats).output("y", same_as("x")))
      .attr("divisor_override", 0)
      .shapes(pool_shapes)
      .body(pool);
  deep(Define("AvgPool3D").input("x", floats).output("y", same_as("x")))
      .shapes(pool_shapes)
      .body(pool);
  same_or_valid(Define("AvgPoolGrad").input("orig_input_shape", ACL_INT32))
      .input("input_grad", floats)
      .output("out_grad", same_as("input_grad"))
      .shapes(grad_shapes)
      .body(grad);
  calculated(Define("AvgPoolV2Grad").input("orig_input_shape", ACL_INT32))
      .input("input_grad", floats)
      .output("out_grad", same_as("input_grad"))
      .shapes(grad_shapes)
      .body(grad);
  deep(Define("AvgPool3DGrad").input("orig_input_shape", ACL_INT32))
      .input("grads", floats)
      .output("output", same_as("grads"))
      .shapes(grad_shapes)
      .body(grad);
  /* The matrices that speed up hardware say nothing that the attributes do not. */
  calculated(Define("AvgPoolV2GradD").input("input_grad", ACL_FLOAT16))
      .optional_input("mean_matrix", ACL_FLOAT16)
      .optional_input("kernel_matrix", ACL_FLOAT16)
      .output("out_grad", ACL_FLOAT16)
      .required_attr("orig_input_shape", EMU_ATTR_LIST_INT)
      .shapes(grad_shapes)
      .body(grad);
  deep(Define("AvgPool3DGradD").input("grads", ACL_FLOAT16))
      .optional_input("filter", ACL_FLOAT16)
      .optional_input("multiplier", ACL_FLOAT16)
      .output("output", ACL_FLOAT16)
      .required_attr("orig_input_shape", EMU_ATTR_LIST_INT)
      .shapes(grad_shapes)
      .body(grad);
  return true;
}();

}  // namespace

}  // namespace ascend_emu

/* Losses of a choice between classes. */
#include "args.h"
#include "codes.h"
#include "nn_layout.h"
#include "nn_reduction.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

void refuse_labels(const Call &call, int input, int64_t low, int64_t high, int64_t classes) {
  call.refuse(kAtRun, "input %s has values from %lld to %lld; 0 to %lld are allowed",
              call.input_name(input).c_str(), ll(low), ll(high), ll(classes - 1));
}

/* Labels as int64; `ignore` marks those that are left out. */
struct Labels {
  at::Tensor index; /* 0 where left out */
  at::Tensor valid;
};

Labels read_labels(const Args &a, int input, int64_t classes, int64_t ignore) {
  const at::Tensor given = a.in(input).to(at::kLong);
  const at::Tensor valid = given.ne(ignore);
  const at::Tensor index = given.masked_fill(valid.logical_not(), 0);
  if (index.numel() != 0) {
    const int64_t low = index.min().item<int64_t>();
    const int64_t high = index.max().item<int64_t>();
    if (low < 0 || high >= classes) refuse_labels(a, input, low, high, classes);
  }
  return {index, valid};
}

/* x [N, C] or [C], target [N] or one element; returns C. */
int64_t expect_classes(const Call &call, int x, int target) {
  const Dims dims = call.dims(x);
  const Dims labels = call.dims(target);
  const bool many = dims.size() == 2 && labels == Dims{dims[0]};
  const bool one = dims.size() == 1 && (labels.empty() || labels == Dims{1});
  if (!many && !one) {
    call.refuse(kAtCheck,
                "input %s has shape %s, input %s has %s; [N, C] and [N], or [C] and one element, "
                "are expected",
                call.input_name(x).c_str(), dims_text(dims).c_str(),
                call.input_name(target).c_str(), dims_text(labels).c_str());
  }
  return dims.back();
}

void expect_class_weights(const Call &call, int input, int64_t classes) {
  if (!call.has(input) || call.dims(input) == Dims{classes}) return;
  call.refuse(kAtCheck, "input %s has shape %s; one value per class, [%lld], is expected",
              call.input_name(input).c_str(), dims_text(call.dims(input)).c_str(), ll(classes));
}

/* The weight of each sample: that of its class, or 0. */
at::Tensor sample_weights(const Args &a, int weight, const Labels &labels,
                          const at::TensorOptions &options) {
  const at::Tensor valid = labels.valid.reshape({-1}).to(options);
  if (!a.has(weight)) return valid;
  return a.in(weight).index_select(0, labels.index.reshape({-1})) * valid;
}

EMU_OP(NLLLoss)
    .input("x", {ACL_FLOAT, ACL_BF16})
    .input("target", kIndex)
    .optional_input("weight", same_as("x"))
    .output("y", same_as("x"))
    .output("total_weight", same_as("x"))
    .attr("reduction", "mean")
    .one_of({"none", "mean", "sum"})
    .attr("ignore_index", -100)
    .in_float()
    .shapes([](Shapes &shapes) {
      expect_class_weights(shapes, 2, expect_classes(shapes, 0, 1));
      set_reduced(shapes, 0, shapes.dims(1));
      set_one(shapes, 1);
    })
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const Labels labels = read_labels(a, 1, x.size(-1), a.i("ignore_index"));
      const at::Tensor weights = sample_weights(a, 2, labels, x.options());
      const at::Tensor picked = x.reshape({-1, x.size(-1)})
                                    .gather(1, labels.index.reshape({-1, 1}))
                                    .reshape({-1});
      /* Not a product for those left out: their x may be infinite. */
      const at::Tensor losses =
          (-weights * picked).masked_fill(labels.valid.reshape({-1}).logical_not(), 0);
      const at::Tensor total = weights.sum();
      if (a.s("reduction") == "none") {
        a.out(0, losses.reshape(a.dims(1)));
      } else {
        const at::Tensor sum = losses.sum();
        out_one(a, 0, a.s("reduction") == "mean" ? sum / total : sum);
      }
      out_one(a, 1, total);
    });

EMU_OP(NLLLossGrad)
    .input("x", {ACL_FLOAT, ACL_BF16})
    .input("y_grad", same_as("x"))
    .input("target", kIndex)
    .input("weight", same_as("x"))
    .input("total_weight", same_as("x"))
    .output("x_grad", same_as("x"))
    .attr("reduction", "mean")
    .one_of({"none", "mean", "sum"})
    .attr("ignore_index", -100)
    .in_float()
    .shapes([](Shapes &shapes) {
      expect_class_weights(shapes, 3, expect_classes(shapes, 0, 2));
      if (shapes.s("reduction") == "none") {
        expect_same_dims(shapes, 1, 2);
      } else {
        expect_one_element(shapes, 1, 1);
      }
      expect_one_element(shapes, 4, 4);
      shapes.set(0, shapes.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const Labels labels = read_labels(a, 2, x.size(-1), a.i("ignore_index"));
      at::Tensor shares = -sample_weights(a, 3, labels, x.options()) * a.in(1).reshape({-1});
      if (a.s("reduction") == "mean") shares = shares / a.in(4).reshape({-1});
      shares = shares.masked_fill(labels.valid.reshape({-1}).logical_not(), 0);
      at::Tensor grad = at::zeros({labels.index.numel(), x.size(-1)}, x.options());
      grad.scatter_(1, labels.index.reshape({-1, 1}), shares.reshape({-1, 1}));
      a.out(0, grad.reshape(x.sizes()));
    });

void expect_matrix(const Call &call, int input) {
  if (call.dims(input).size() == 2) return;
  call.refuse(kAtCheck, "input %s has shape %s; [batch_size, num_classes] is expected",
              call.input_name(input).c_str(), dims_text(call.dims(input)).c_str());
}

EMU_OP(SoftmaxCrossEntropyWithLogits)
    .input("features", kFloating.without(ACL_BF16))
    .input("labels", same_as("features"))
    .output("loss", same_as("features"))
    .output("backprop", same_as("features"))
    .in_float()
    .shapes([](Shapes &shapes) {
      expect_matrix(shapes, 0);
      expect_same_dims(shapes, 0, 1);
      shapes.set(0, {shapes.dims(0)[0]});
      shapes.set(1, shapes.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor log_softmax = at::log_softmax(a.in(0), 1);
      const at::Tensor labels = a.in(1);
      const at::Tensor loss = (labels * log_softmax).masked_fill(labels.eq(0), 0).sum(Ints{1});
      a.out(0, -loss);
      a.out(1, at::exp(log_softmax) - labels);
    });

EMU_OP(SparseSoftmaxCrossEntropyWithLogits)
    .input("features", kFloating.without(ACL_BF16))
    .input("labels", kIndex)
    .output("loss", same_as("features"))
    .output("backprop", same_as("features"))
    .in_float()
    .shapes([](Shapes &shapes) {
      Dims expected = shapes.dims(0);
      if (expected.empty()) expect_matrix(shapes, 0);
      expected.pop_back();
      if (shapes.dims(1) != expected) {
        shapes.refuse(kAtCheck, "input labels has shape %s; that of features without its last "
                      "dim, %s, is expected", dims_text(shapes.dims(1)).c_str(),
                      dims_text(expected).c_str());
      }
      shapes.set(0, expected);
      shapes.set(1, shapes.dims(0));
    })
    .body([](Args &a) {
      const at::Tensor log_softmax = at::log_softmax(a.in(0), -1);
      const at::Tensor given = a.in(1).to(at::kLong);
      if (given.numel() != 0) {
        const int64_t low = given.min().item<int64_t>();
        const int64_t high = given.max().item<int64_t>();
        const int64_t classes = a.dims(0).back();
        if (low < 0 || high >= classes) refuse_labels(a, 1, low, high, classes);
      }
      const at::Tensor index = given.unsqueeze(-1);
      at::Tensor backprop = at::exp(log_softmax);
      backprop.scatter_add_(-1, index, at::full(index.sizes(), -1.0, backprop.options()));
      a.out(0, -log_softmax.gather(-1, index).squeeze(-1));
      a.out(1, backprop);
    });

/* Both sides broadcast; axis 1 is that of the vectors that are compared. */
Dims compared_dims(const Call &call) {
  Dims dims;
  if (!broadcast_dims(call.dims(0), call.dims(1), &dims) || dims.size() < 2) {
    call.refuse(kAtCheck, "input x1 has shape %s, input x2 has %s; they must broadcast to 2 dims "
                "or more", dims_text(call.dims(0)).c_str(), dims_text(call.dims(1)).c_str());
  }
  return dims;
}

EMU_OP(CosineEmbeddingLoss)
    .input("x1", kReal.without(ACL_BF16))
    .input("x2", same_as("x1"))
    .input("target", kReal.without(ACL_BF16))
    .output("y", ACL_FLOAT)
    .attr("margin", 0.0)
    .attr("reduction", "mean")
    .one_of({"none", "mean", "sum"})
    .shapes([](Shapes &shapes) {
      Dims dims = compared_dims(shapes);
      dims.erase(dims.begin() + 1);
      Dims losses;
      if (!broadcast_dims(dims, shapes.dims(2), &losses)) {
        shapes.refuse(kAtCheck, "input target has shape %s; it must broadcast with %s",
                      dims_text(shapes.dims(2)).c_str(), dims_text(dims).c_str());
      }
      set_reduced(shapes, 0, losses);
    })
    .body([](Args &a) {
      const Dims dims = compared_dims(a);
      const at::ScalarType type = a.dtype(0) == ACL_DOUBLE ? at::kDouble : at::kFloat;
      const at::Tensor x1 = a.in(0).to(type).expand(dims);
      const at::Tensor x2 = a.in(1).to(type).expand(dims);
      const auto length = [](const at::Tensor &x) {
        return at::sqrt((x * x).sum(Ints{1}) + 1e-12);
      };
      const at::Tensor cosine = (x1 * x2).sum(Ints{1}) / (length(x1) * length(x2));
      const at::Tensor target = a.in(2);
      const at::Tensor none = at::zeros({1}, cosine.options());
      const at::Tensor unlike = (cosine - a.f("margin")).clamp_min(0);
      out_reduced(a, 0, at::where(target.eq(1), 1 - cosine,
                                  at::where(target.eq(-1), unlike, none)));
    });

}  // namespace

}  // namespace ascend_emu

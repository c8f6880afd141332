/* Batch normalisation in the steps that CANN splits it into: sums, update, and their gradients. */
#include "codes.h"
#include "nn_channel.h"

namespace ascend_emu {

namespace {

/* Mean and variance from the sums that BNTrainingReduce gives: inputs 1 and 2. */
struct Statistics {
  at::Tensor mean;
  at::Tensor variance; /* of the batch itself */
};

Statistics from_sums(const Args &a) {
  const double count = static_cast<double>(channel_size(a, 0));
  const at::Tensor mean = channel_values(a, 0, 1) / count;
  return {mean, channel_values(a, 0, 2) / count - mean * mean};
}

/* The variance that the batch suggests for all data; 0 of a single element, as CANN has it. */
at::Tensor unbiased(const at::Tensor &variance, int64_t count) {
  const double factor =
      count == 1 ? 0.0 : static_cast<double>(count) / static_cast<double>(count - 1);
  return variance * factor;
}

/* Gives y 0 out; steps on the way are not rounded to 16 bits. */
void out_in_float(Args &a, const std::function<void(at::Tensor &)> &compute) {
  if (a.out_type(0) == at::kFloat) return a.out_by(0, compute);
  at::Tensor y = at::empty({0}, at::kFloat);
  compute(y);
  a.out(0, y);
}

/* y 0 = (x 0 - mean) * factor + offset. A product and a sum with one value a channel are quicker
   than addcmul, which has no vector code for two such operands. */
void out_normalized(Args &a, const at::Tensor &mean, const at::Tensor &factor,
                    const at::Tensor &offset) {
  const at::Tensor x = widened(a.in(0));
  const at::Tensor constant = at::addcmul(offset, mean, factor, -1);
  out_in_float(a, [&](at::Tensor &y) {
    at::mul_out(y, x, factor);
    y.add_(constant);
  });
}

at::Tensor factor_of(const at::Tensor &variance, double epsilon, const at::Tensor &scale) {
  return at::rsqrt(variance + epsilon) * scale;
}

/* x 0 and a value per channel in every input up to `last`; y 0 like x, values in the others. */
ShapeRule feature_first(int last) {
  return [last](Shapes &shapes) {
    expect_channel_values(shapes, 0, 1, last);
    shapes.set(0, shapes.dims(0));
    set_channel_values(shapes, 0, 1, static_cast<int>(shapes.prototype().outputs.size()) - 1);
  };
}

/* Gradients and x are alike; values from input 2 on. */
void expect_gradient(Shapes &shapes, int last) {
  if (shapes.dims(0) != shapes.dims(1)) {
    shapes.refuse(kAtCheck, "input grads has shape %s, input x has %s; they must be the same",
                  dims_text(shapes.dims(0)).c_str(), dims_text(shapes.dims(1)).c_str());
  }
  expect_channel_values(shapes, 0, 2, last);
}

EMU_OP(BNTrainingReduce)
    .input("x", kFloats)
    .output("sum", ACL_FLOAT)
    .output("square_sum", ACL_FLOAT)
    .layouts(Layouts::kPrivate)
    .shapes([](Shapes &shapes) { set_channel_values(shapes, 0, 0, 1); })
    .body([](Args &a) {
      const at::Tensor x = widened(a.in(0));
      const Ints axes = other_axes(a, 0);
      out_channel_values(a, 0, 0, x.sum(axes));
      out_channel_values(a, 0, 1, (x * x).sum(axes));
    });

EMU_OP(BNTrainingUpdate)
    .input("x", kFloats)
    .input("sum", ACL_FLOAT)
    .input("square_sum", ACL_FLOAT)
    .input("scale", ACL_FLOAT)
    .input("offset", ACL_FLOAT)
    .input("mean", ACL_FLOAT)
    .input("variance", ACL_FLOAT)
    .output("y", same_as("x"))
    .output("mean", ACL_FLOAT)
    .output("variance", ACL_FLOAT)
    .output("batch_mean", ACL_FLOAT)
    .output("batch_variance", ACL_FLOAT)
    .required_attr("factor", EMU_ATTR_FLOAT)
    .required_attr("epsilon", EMU_ATTR_FLOAT)
    .layouts(Layouts::kPrivate)
    .shapes(feature_first(6))
    .body([](Args &a) {
      const Statistics batch = from_sums(a);
      const double factor = a.f("factor");
      const at::Tensor mean =
          channel_values(a, 0, 5) * (1 - factor) + batch.mean * factor;
      const at::Tensor variance = channel_values(a, 0, 6) * (1 - factor) +
                                  unbiased(batch.variance, channel_size(a, 0)) * factor;
      out_normalized(a, batch.mean,
                     factor_of(batch.variance, a.f("epsilon"), channel_values(a, 0, 3)),
                     channel_values(a, 0, 4));
      out_channel_values(a, 0, 1, mean);
      out_channel_values(a, 0, 2, variance);
      out_channel_values(a, 0, 3, batch.mean);
      out_channel_values(a, 0, 4, batch.variance);
    });

void update_without_average(Args &a) {
  const Statistics batch = from_sums(a);
  out_normalized(a, batch.mean,
                 factor_of(batch.variance, a.f("epsilon"), channel_values(a, 0, 3)),
                 channel_values(a, 0, 4));
  out_channel_values(a, 0, 1, batch.mean);
  const bool v3 = a.prototype().outputs.size() > 3;
  out_channel_values(a, 0, 2,
                     v3 ? unbiased(batch.variance, channel_size(a, 0)) : batch.variance);
  if (!v3) return;
  out_channel_values(a, 0, 3, batch.mean);
  out_channel_values(a, 0, 4, batch.variance);
}

EMU_OP(BNTrainingUpdateV2)
    .input("x", kFloats)
    .input("sum", ACL_FLOAT)
    .input("square_sum", ACL_FLOAT)
    .input("scale", ACL_FLOAT)
    .input("offset", ACL_FLOAT)
    .output("y", same_as("x"))
    .output("batch_mean", ACL_FLOAT)
    .output("batch_variance", ACL_FLOAT)
    .required_attr("epsilon", EMU_ATTR_FLOAT)
    .layouts(Layouts::kPrivate)
    .shapes(feature_first(4))
    .body(update_without_average);

EMU_OP(BNTrainingUpdateV3)
    .input("x", kFloats)
    .input("sum", ACL_FLOAT)
    .input("square_sum", ACL_FLOAT)
    .input("scale", ACL_FLOAT)
    .input("offset", ACL_FLOAT)
    .output("y", same_as("x"))
    .output("batch_mean", ACL_FLOAT)
    .output("batch_variance", ACL_FLOAT)
    .output("reserve_1", ACL_FLOAT)
    .output("reserve_2", ACL_FLOAT)
    .required_attr("epsilon", EMU_ATTR_FLOAT)
    .layouts(Layouts::kPrivate)
    .shapes(feature_first(4))
    .body(update_without_average);

EMU_OP(BNTrainingUpdateGrad)
    .input("grads", kFloats)
    .input("x", same_as("grads"))
    .input("batch_mean", ACL_FLOAT)
    .input("batch_variance", ACL_FLOAT)
    .output("diff_scale", ACL_FLOAT)
    .output("diff_offset", ACL_FLOAT)
    .attr("epsilon", 0.0001)
    .layouts(Layouts::kPrivate)
    .shapes([](Shapes &shapes) {
      expect_gradient(shapes, 3);
      set_channel_values(shapes, 0, 0, 1);
    })
    .body([](Args &a) {
      const at::Tensor grads = widened(a.in(0));
      const at::Tensor centered = widened(a.in(1)) - channel_values(a, 0, 2);
      const Ints axes = other_axes(a, 0);
      const at::Tensor sums = (grads * centered).sum(axes, /*keepdim=*/true);
      out_channel_values(a, 0, 0, sums * at::rsqrt(channel_values(a, 0, 3) + a.f("epsilon")));
      out_channel_values(a, 0, 1, grads.sum(axes));
    });

EMU_OP(BNTrainingReduceGrad)
    .input("grads", kFloats)
    .input("x", same_as("grads"))
    .input("diff_scale", ACL_FLOAT)
    .input("diff_offset", ACL_FLOAT)
    .input("scale", ACL_FLOAT)
    .input("batch_mean", ACL_FLOAT)
    .input("batch_variance", ACL_FLOAT)
    .output("y", same_as("grads"))
    .attr("epsilon", 0.0001)
    .layouts(Layouts::kPrivate)
    .shapes([](Shapes &shapes) {
      expect_gradient(shapes, 6);
      shapes.set(0, shapes.dims(0));
    })
    .body([](Args &a) {
      const double count = static_cast<double>(channel_size(a, 0));
      const at::Tensor root = at::rsqrt(channel_values(a, 0, 6) + a.f("epsilon"));
      const at::Tensor factor = channel_values(a, 0, 4) * root;
      /* What multiplies x - mean, and what is constant in a channel. */
      const at::Tensor slope = channel_values(a, 0, 2) * root * factor / -count;
      const at::Tensor constant = channel_values(a, 0, 3) * factor / -count;
      const at::Tensor x = widened(a.in(1)), grads = widened(a.in(0));
      const at::Tensor centered = x - channel_values(a, 0, 5);
      out_in_float(a, [&](at::Tensor &y) {
        at::mul_out(y, grads, factor);
        y.add_(constant).addcmul_(centered, slope);
      });
    });

EMU_OP(BNInfer)
    .input("x", kFloats)
    .input("scale", ACL_FLOAT)
    .input("offset", ACL_FLOAT)
    .input("mean", ACL_FLOAT)
    .input("variance", ACL_FLOAT)
    .output("y", same_as("x"))
    .required_attr("epsilon", EMU_ATTR_FLOAT)
    .layouts(Layouts::kPrivate)
    .shapes(feature_first(4))
    .body([](Args &a) {
      out_normalized(a, channel_values(a, 0, 3),
                     factor_of(channel_values(a, 0, 4), a.f("epsilon"), channel_values(a, 0, 1)),
                     channel_values(a, 0, 2));
    });

EMU_OP(BNInferGrad)
    .input("grads", kFloats)
    .input("scale", ACL_FLOAT)
    .input("batch_variance", ACL_FLOAT)
    .output("x_backprop", same_as("grads"))
    .attr("epsilon", 0.0001)
    .layouts(Layouts::kPrivate)
    .shapes(feature_first(2))
    .body([](Args &a) {
      const at::Tensor factor =
          channel_values(a, 0, 1) * at::rsqrt(channel_values(a, 0, 2) + a.f("epsilon"));
      a.out(0, widened(a.in(0)) * factor);
    });

}  // namespace

}  // namespace ascend_emu

/* One value per channel added to a feature map, and its gradient. */
#include "args.h"
#include "core/refusal.h"
#include "nn_layout.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* Channels are the last axis, or the second one; only 4 and 5 dims say which one that is. */
size_t channel_axis(const Call &call) {
  const std::string format = call.s("data_format");
  const size_t ndim = call.dims(0).size();
  if (format == "NHWC" && ndim >= 2) return ndim - 1;
  if (format.size() == ndim) return format.find('C');
  call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
              "input x has shape %s; with data_format %s %s dims are expected",
              dims_text(call.dims(0)).c_str(), format.c_str(),
              format == "NHWC" ? "2 or more" : std::to_string(format.size()).c_str());
}

const std::vector<std::string> kDataFormats{"NHWC", "NCHW", "NDHWC", "NCDHW"};

EMU_OP(BiasAdd)
    .input("x", kNumber)
    .input("bias", same_as("x"))
    .output("y", same_as("x"))
    .attr("data_format", "NHWC")
    .one_of(kDataFormats)
    .layouts(Layouts::kPrivate)
    .shapes([](Shapes &shapes) {
      const Dims x = shapes.dims(0);
      const int64_t channels = x[channel_axis(shapes)];
      if (shapes.dims(1) != Dims{channels}) {
        shapes.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                      "input bias has shape %s; one value per channel of x, [%lld], is expected",
                      dims_text(shapes.dims(1)).c_str(), ll(channels));
      }
      shapes.set(0, x);
    })
    .body([](Args &a) {
      Dims shape(a.dims(0).size(), 1);
      shape[channel_axis(a)] = a.dims(1)[0];
      a.out(0, a.in(0) + a.in(1).reshape(shape));
    });

EMU_OP(BiasAddGrad)
    .input("x", kNumber)
    .output("y", same_as("x"))
    .attr("data_format", "NHWC")
    .one_of(kDataFormats)
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes([](Shapes &shapes) { shapes.set(0, {shapes.dims(0)[channel_axis(shapes)]}); })
    .body([](Args &a) {
      const int64_t channel = static_cast<int64_t>(channel_axis(a));
      const at::Tensor x = a.in(0);
      Ints others;
      for (int64_t axis = 0; axis < x.dim(); ++axis) {
        if (axis != channel) others.push_back(axis);
      }
      a.out(0, at::sum(x, others, false, x.scalar_type()));
    });

}  // namespace

}  // namespace ascend_emu

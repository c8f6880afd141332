/* The windows of a convolution as columns, and columns added up to an image. */
#include <algorithm>

#include "args.h"
#include "codes.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* One spatial axis of Im2col. */
struct WindowAxis {
  int64_t kernel;
  int64_t stride;
  int64_t dilation;
  int64_t before;
  int64_t after;
  int64_t windows;

  int64_t reach() const { return dilation * (kernel - 1) + 1; }
};

constexpr int64_t kLargest = int64_t{1} << 30;

/* A list of one value for both axes, or of one for each. */
int64_t for_axis(const Call &call, const char *attr, int axis, int64_t least) {
  const Ints list = call.ints(attr);
  const size_t at = list.size() == 2 ? static_cast<size_t>(axis) : 0;
  if (list.empty() || list.size() > 2 || list[at] < least || list[at] > kLargest) {
    call.refuse(kAttr, "attribute [%s] is %s; one or two numbers of %lld or more are expected",
                attr, dims_text(list).c_str(), static_cast<long long>(least));
  }
  return list[at];
}

void set_padding(const Call &call, int axis, int64_t size, WindowAxis *window) {
  const std::string mode = call.s("padding_mode");
  if (mode == "VALID") return;
  if (mode == "SAME") {
    const int64_t windows = (size + window->stride - 1) / window->stride;
    const int64_t missing = (windows - 1) * window->stride + window->reach() - size;
    const int64_t all = std::max<int64_t>(missing, 0);
    window->before = all / 2;
    window->after = all - all / 2;
    return;
  }
  const Ints pads = call.ints("pads");
  const bool fits = (pads.size() == 1 || pads.size() == 4) &&
                    std::all_of(pads.begin(), pads.end(),
                                [](int64_t pad) { return pad >= 0 && pad <= kLargest; });
  if (!fits) {
    call.refuse(kAttr, "attribute [pads] is %s; one number, or those of top, bottom, left and "
                "right, all 0 or more, are expected", dims_text(pads).c_str());
  }
  window->before = pads[pads.size() == 1 ? 0 : static_cast<size_t>(2 * axis)];
  window->after = pads[pads.size() == 1 ? 0 : static_cast<size_t>(2 * axis + 1)];
}

WindowAxis window_of(const Call &call, int axis) {
  const Dims x = call.dims(0);
  if (x.size() != 4) {
    call.refuse(kAtCheck, "input x has shape %s; four dims are expected", dims_text(x).c_str());
  }
  const int64_t size = x[static_cast<size_t>(2 + axis)];
  WindowAxis window{for_axis(call, "ksizes", axis, 1), for_axis(call, "strides", axis, 1),
                    for_axis(call, "dilations", axis, 1), 0, 0, 0};
  set_padding(call, axis, size, &window);
  const int64_t room = size + window.before + window.after - window.reach();
  if (room < 0) {
    call.refuse(kAttr, "a window of %lld elements does not fit dim %d of x %s with its padding",
                static_cast<long long>(window.reach()), 2 + axis, dims_text(x).c_str());
  }
  window.windows = room / window.stride + 1;
  return window;
}

/* Like torch's, but with the windows still in rows and columns. */
EMU_OP(Im2col)
    .input("x", kReal | kWideUnsigned)
    .formats({ACL_FORMAT_NCHW, ACL_FORMAT_ND})
    .output("y", same_as("x"))
    .required_attr("ksizes", EMU_ATTR_LIST_INT)
    .attr("strides", Ints{1})
    .attr("dilations", Ints{1})
    .attr("padding_mode", "CALCULATED")
    .one_of({"SAME", "VALID", "CALCULATED"})
    .attr("pads", Ints{0})
    .shapes([](Shapes &s) {
      const WindowAxis high = window_of(s, 0);
      const WindowAxis wide = window_of(s, 1);
      const Dims x = s.dims(0);
      s.set(0, {x[0], x[1] * high.kernel * wide.kernel, high.windows, wide.windows});
    })
    .body([](Args &a) {
      const WindowAxis high = window_of(a, 0);
      const WindowAxis wide = window_of(a, 1);
      const Dims x = a.dims(0);
      /* [N, C, windows down, windows across, kernel rows, kernel columns] */
      const at::Tensor windows =
          at::constant_pad_nd(a.in(0), {wide.before, wide.after, high.before, high.after}, 0)
              .unfold(2, high.reach(), high.stride)
              .slice(-1, 0, high.reach(), high.dilation)
              .unfold(3, wide.reach(), wide.stride)
              .slice(-1, 0, wide.reach(), wide.dilation);
      a.out(0, windows.permute({0, 1, 4, 5, 2, 3})
                   .reshape({x[0], x[1] * high.kernel * wide.kernel, high.windows,
                             wide.windows}));
    });

EMU_OP(Col2im)
    .input("x", {ACL_FLOAT, ACL_FLOAT16})
    .input("output_size", ACL_INT32)
    .output("y", same_as("x"))
    .required_attr("kernel_size", EMU_ATTR_LIST_INT)
    .required_attr("dilation", EMU_ATTR_LIST_INT)
    .required_attr("padding", EMU_ATTR_LIST_INT)
    .required_attr("stride", EMU_ATTR_LIST_INT)
    .shapes([](Shapes &s) {
      const Dims x = s.dims(0);
      for (const char *attr : {"kernel_size", "dilation", "padding", "stride"}) {
        if (s.ints(attr).size() != 2) {
          s.refuse(kAttr, "attribute [%s] is %s; two numbers are expected", attr,
                   dims_text(s.ints(attr)).c_str());
        }
      }
      const Ints kernel = s.ints("kernel_size");
      if (x.size() != 4 || x[2] != kernel[0] * kernel[1]) {
        s.refuse(kAtCheck, "input x has shape %s; n, c, the %lld elements of a window, and the "
                 "number of windows are expected", dims_text(x).c_str(),
                 static_cast<long long>(kernel[0] * kernel[1]));
      }
      if (!s.value_known(1)) return;
      const Ints size = s.host_ints(1);
      if (size.size() != 2) {
        s.refuse(kAtCheck, "input output_size has %zu elements; two are expected", size.size());
      }
      s.set(0, {x[0], x[1], size[0], size[1]});
    })
    .body([](Args &a) {
      const Dims x = a.dims(0);
      a.out(0, at::col2im(a.in(0).to(at::kFloat).reshape({x[0], x[1] * x[2], x[3]}),
                          a.host_ints(1), a.ints("kernel_size"), a.ints("dilation"),
                          a.ints("padding"), a.ints("stride")));
    });

}  // namespace

}  // namespace ascend_emu

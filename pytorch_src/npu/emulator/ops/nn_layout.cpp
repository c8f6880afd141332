#include "nn_layout.h"

#include "core/refusal.h"
#include "layout_dims.h"

namespace ascend_emu {

std::string axes_of(const Call &call, int32_t format, size_t ndim, const std::string &what) {
  std::string axes = axis_letters(format);
  if (axes.empty() && call.prototype().attr("data_format") != nullptr) {
    axes = call.s("data_format");
  }
  if (axes.empty()) axes = ndim == 5 ? "NCDHW" : ndim == 4 ? "NCHW" : ndim == 3 ? "NCW" : "NC";
  if (axes.size() != ndim) {
    call.refuse(ACL_ERROR_FORMAT_NOT_MATCH, "%s has %zu dims; in format %s it must have %zu",
                what.c_str(), ndim, axes.c_str(), axes.size());
  }
  return axes;
}

std::string input_axes(const Call &call, int input) {
  return axes_of(call, call.format(input), call.dims(input).size(),
                 "input " + call.input_name(input));
}

std::string named_axes(const Call &call, int32_t format, const std::string &otherwise,
                       const std::string &what) {
  return axis_letters(format).empty() ? otherwise : axes_of(call, format, otherwise.size(), what);
}

std::string result_axes(const Call &call, int output, const std::string &otherwise) {
  return named_axes(call, call.output_format(output), otherwise,
                    "output " + call.output_name(output));
}

Dims axis_order(const std::string &from, const std::string &to) {
  Dims order;
  for (const char axis : to) order.push_back(static_cast<int64_t>(from.find(axis)));
  return order;
}

Dims reordered(const Dims &values, const std::string &from, const std::string &to) {
  Dims result;
  for (const int64_t place : axis_order(from, to)) {
    result.push_back(values[static_cast<size_t>(place)]);
  }
  return result;
}

std::string spatial_axes(const std::string &axes) {
  std::string spatial;
  for (const char axis : std::string("DHW")) {
    if (axes.find(axis) != std::string::npos) spatial += axis;
  }
  return spatial;
}

std::string channels_first(const std::string &axes) { return "NC" + spatial_axes(axes); }

Ints spatial_attr(const Call &call, const char *attr, const std::string &axes, int64_t low,
                  int64_t high, int64_t fixed) {
  const Ints values = call.ints(attr);
  const std::string text = dims_text(values);
  if (values.size() != axes.size()) {
    call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                "attribute [%s] is %s; %zu values are expected, in the order %s", attr,
                text.c_str(), axes.size(), axes.c_str());
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    const bool spatial = axes[i] != 'N' && axes[i] != 'C';
    const int64_t least = spatial ? low : fixed;
    const int64_t most = spatial ? high : fixed;
    if (values[i] < least || values[i] > most) {
      call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                  "attribute [%s] is %s; for axis %c of %s %lld to %lld are allowed", attr,
                  text.c_str(), axes[i], axes.c_str(), ll(least), ll(most));
    }
  }
  return reordered(values, axes, spatial_axes(axes));
}

void expect_one_element(const Call &call, int first, int last) {
  for (int input = first; input <= last; ++input) {
    if (!call.has(input)) continue;
    int64_t elements = 1;
    for (const int64_t dim : call.dims(input)) elements *= dim;
    if (elements == 1) continue;
    call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH, "input %s has shape %s; one element is expected",
                call.input_name(input).c_str(), dims_text(call.dims(input)).c_str());
  }
}

}  // namespace ascend_emu

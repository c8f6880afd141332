#include "scalars.h"

#include "codes.h"

namespace ascend_emu {

namespace {

template <class T>
T only(const Call &call, int input, const std::vector<T> &values) {
  if (values.size() != 1) {
    call.refuse(kAtCheck, "input %s has shape %s; one element is expected",
                call.input_name(input).c_str(), dims_text(call.dims(input)).c_str());
  }
  return values[0];
}

}  // namespace

int64_t one_int(const Call &call, int input) { return only(call, input, call.host_ints(input)); }

double one_float(const Call &call, int input) {
  return only(call, input, call.host_floats(input));
}

}  // namespace ascend_emu

#include "nn_rnn.h"

#include "codes.h"
#include "nn_layout.h"

namespace ascend_emu {

void refuse_inputs(const Call &call, int first, int last) {
  for (int input = first; input <= last; ++input) {
    if (!call.has(input)) continue;
    call.refuse(kAtCheck, "input %s is not computed by the emulator; leave it out",
                call.input_name(input).c_str());
  }
}

void expect_int(const Call &call, const char *attr, int64_t value) {
  if (call.i(attr) == value) return;
  call.refuse(kAttr, "attribute [%s] is %lld; only %lld is supported", attr, ll(call.i(attr)),
              ll(value));
}

void expect_float(const Call &call, const char *attr, double value) {
  if (call.f(attr) == value) return;
  call.refuse(kAttr, "attribute [%s] is %g; only %g is supported", attr, call.f(attr), value);
}

void expect_bool(const Call &call, const char *attr, bool value) {
  if (call.b(attr) == value) return;
  call.refuse(kAttr, "attribute [%s] must be %s", attr, value ? "true" : "false");
}

void expect_dims(const Call &call, int input, const Dims &dims) {
  if (!call.has(input) || call.dims(input) == dims) return;
  call.refuse(kAtCheck, "input %s has shape %s; %s is expected", call.input_name(input).c_str(),
              dims_text(call.dims(input)).c_str(), dims_text(dims).c_str());
}

void expect_state(const Call &call, int input, int64_t batch, int64_t hidden) {
  if (!call.has(input)) return;
  const Dims dims = call.dims(input);
  if (dims == Dims{1, batch, hidden} || dims == Dims{batch, hidden}) return;
  call.refuse(kAtCheck, "input %s has shape %s; [1, %lld, %lld] is expected",
              call.input_name(input).c_str(), dims_text(dims).c_str(), ll(batch), ll(hidden));
}

void expect_full_length(const Args &a, int input, int64_t steps) {
  if (!a.has(input)) return;
  for (const int64_t length : a.host_ints(input)) {
    if (length == steps) continue;
    a.refuse(kAtRun, "input %s has a length of %lld; the emulator computes only sequences that "
             "fill all %lld steps", a.input_name(input).c_str(), ll(length), ll(steps));
  }
}

at::Tensor state(const Args &a, int input, const at::Tensor &like) {
  return a.has(input) ? a.in(input).reshape(like.sizes()) : at::zeros_like(like);
}

}  // namespace ascend_emu

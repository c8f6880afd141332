#include "matrix_dims.h"

#include "codes.h"

namespace ascend_emu {

Dims matrices(const Call &call, int input) {
  const Dims dims = call.dims(input);
  if (dims.size() < 2) {
    call.refuse(kAtCheck, "input %s has shape %s; matrices of two dims or more are expected",
                call.input_name(input).c_str(), dims_text(dims).c_str());
  }
  return dims;
}

Dims square(const Call &call, int input) {
  const Dims dims = matrices(call, input);
  if (dims.back() != dims[dims.size() - 2]) {
    call.refuse(kAtCheck, "input %s has shape %s; square matrices are expected",
                call.input_name(input).c_str(), dims_text(dims).c_str());
  }
  return dims;
}

Dims batch_of(const Dims &dims) { return Dims(dims.begin(), dims.end() - 2); }

Dims joined(Dims batch, int64_t rows, int64_t columns) {
  batch.push_back(rows);
  batch.push_back(columns);
  return batch;
}

}  // namespace ascend_emu

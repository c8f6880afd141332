#include "args.h"

#include <cstring>
#include <string>

#include "core/refusal.h"
#include "formats.h"
#include "ops/types.h"

namespace ascend_emu {

namespace {

bool is_half(int32_t dtype) { return dtype == ACL_FLOAT16 || dtype == ACL_BF16; }

/* How ATen says that it has no kernel for 16-bit floats. */
bool lacks_half_kernel(const std::string &error) {
  const bool half = error.find("Half") != std::string::npos ||
                    error.find("BFloat16") != std::string::npos;
  return half && (error.find("not implemented for") != std::string::npos ||
                  error.find("not supported on CPUType") != std::string::npos);
}

}  // namespace

at::ScalarType scalar_type(int32_t dtype) {
  switch (dtype) {
    case ACL_FLOAT: return at::kFloat;
    case ACL_FLOAT16: return at::kHalf;
    case ACL_BF16: return at::kBFloat16;
    case ACL_DOUBLE: return at::kDouble;
    case ACL_INT8: return at::kChar;
    case ACL_UINT8: return at::kByte;
    case ACL_INT16:
    case ACL_UINT16: return at::kShort;
    case ACL_INT32:
    case ACL_UINT32: return at::kInt;
    case ACL_INT64:
    case ACL_UINT64: return at::kLong;
    case ACL_BOOL: return at::kBool;
    case ACL_COMPLEX64: return at::ScalarType::ComplexFloat;
    case ACL_COMPLEX128: return at::ScalarType::ComplexDouble;
    default:
      refuse(ACL_ERROR_UNSUPPORTED_DATA_TYPE, "data type %s has no tensors in ATen",
             type_name(dtype).c_str());
  }
}

Args::Args(const Prototype &prototype, EmuCall &call, bool halves_as_float)
    : Call(prototype, call), halves_as_float_(halves_as_float) {}

/* Tensors that end with the body, on memory that the runtime holds until then. */
at::Tensor Args::view(const EmuTensor &tensor, const Dims &dims) const {
  const at::TensorOptions options = at::TensorOptions().dtype(scalar_type(tensor.dtype));
  int64_t count = 1;
  for (const int64_t dim : dims) count *= dim;
  if (count == 0) return at::empty(dims, options);
  if (tensor.strides == nullptr) return at::from_blob(tensor.data, dims, options);
  const Dims strides(tensor.strides, tensor.strides + tensor.ndim);
  const int64_t bytes = tensor.offset * static_cast<int64_t>(options.dtype().itemsize());
  return at::from_blob(static_cast<char *>(tensor.data) + bytes, dims, strides, options);
}

int64_t Args::groups_of(const EmuTensor &tensor) const {
  const bool filter =
      tensor.format == ACL_FORMAT_FRACTAL_Z || tensor.format == ACL_FRACTAL_Z_3D;
  return filter && prototype().attr("groups") != nullptr ? i("groups") : 1;
}

at::Tensor Args::plain(const EmuTensor &tensor) const {
  const Dims laid_out(tensor.dims, tensor.dims + tensor.ndim);
  if (!is_private(tensor.format)) {
    const bool origin = tensor.origin_ndim >= 0 && tensor.strides == nullptr;
    return view(tensor, origin ? Dims(tensor.origin_dims, tensor.origin_dims + tensor.origin_ndim)
                               : laid_out);
  }
  return unpack(view(tensor, laid_out), tensor.format, tensor.origin_format,
                Dims(tensor.origin_dims, tensor.origin_dims + tensor.origin_ndim),
                block_channels(tensor.dtype), groups_of(tensor));
}

at::Tensor Args::in(int i, int k) const {
  const EmuTensor &tensor = input(i, k);
  const at::Tensor made = plain(tensor);
  return halves_as_float_ && is_half(tensor.dtype) ? made.to(at::kFloat) : made;
}

at::ScalarType Args::compute_type(int i) const {
  return halves_as_float_ && is_half(output_dtype(i)) ? at::kFloat : out_type(i);
}

std::vector<at::Tensor> Args::all_in(int i) const {
  std::vector<at::Tensor> all;
  for (int k = 0; k < count(i); ++k) all.push_back(in(i, k));
  return all;
}

at::Tensor Args::raw_in(int i) const {
  const EmuTensor &tensor = input(i);
  return view(tensor, Dims(tensor.dims, tensor.dims + tensor.ndim));
}

bool Args::overlaps_input(const EmuTensor &output) const {
  const char *first = static_cast<const char *>(output.data);
  const char *last = first + output.bytes;
  for (size_t i = 0; i < prototype().inputs.size(); ++i) {
    const int position = static_cast<int>(i);
    for (int k = 0; k < count(position); ++k) {
      const EmuTensor &tensor = input(position, k);
      const char *begin = static_cast<const char *>(tensor.data);
      if (begin < last && first < begin + tensor.bytes) return true;
    }
  }
  return false;
}

bool Args::aliases_input(const at::Tensor &result) const {
  const char *data = static_cast<const char *>(result.data_ptr());
  for (size_t i = 0; i < prototype().inputs.size(); ++i) {
    const int position = static_cast<int>(i);
    for (int k = 0; k < count(position); ++k) {
      const EmuTensor &tensor = input(position, k);
      const char *begin = static_cast<const char *>(tensor.data);
      if (data >= begin && data < begin + tensor.bytes) return true;
    }
  }
  return false;
}

void Args::write(EmuTensor &output, const Dims &dims, const at::Tensor &result) {
  if (result.numel() == 0) return;
  /* An output may be an input's memory: a view of that input must be read before it is written. */
  const bool unsafe = overlaps_input(output) && aliases_input(result);
  view(output, dims).copy_(unsafe ? result.clone() : result);
}

void Args::out(int i, const at::Tensor &result, int k) {
  if (k >= output_count(i)) return;
  EmuTensor &tensor = output(i, k);
  const Dims dims = result.sizes().vec();
  const Dims declared = output_dims(i, k);
  const OperandRule &rule = prototype().outputs[static_cast<size_t>(i)];
  if (rule.data_dependent || any_unknown(declared)) {
    const uint64_t needed =
        static_cast<uint64_t>(result.numel()) * c10::elementSize(scalar_type(tensor.dtype));
    if (needed > tensor.bytes) {
      refuse(ACL_ERROR_RT_AICORE_EXCEPTION,
             "output %s has shape %s and needs %llu bytes, its buffer has %llu",
             output_name(i, k).c_str(), dims_text(dims).c_str(),
             static_cast<unsigned long long>(needed),
             static_cast<unsigned long long>(tensor.bytes));
    }
  } else if (dims != declared) {
    refuse(ACL_ERROR_RT_AICORE_EXCEPTION, "output %s was given shape %s, but %s was computed",
           output_name(i, k).c_str(), dims_text(declared).c_str(), dims_text(dims).c_str());
  }
  record_dims(tensor, dims);
  if (!is_private(tensor.format)) {
    write(tensor, dims, result);
    return;
  }
  const Dims laid_out(tensor.dims, tensor.dims + tensor.ndim);
  write(tensor, laid_out,
        pack(result.to(scalar_type(tensor.dtype)), tensor.format, tensor.origin_format,
             block_channels(tensor.dtype), groups_of(tensor)));
}

bool Args::can_write_directly(int i) const {
  const EmuTensor &tensor = output(i);
  return !(halves_as_float_ && is_half(tensor.dtype)) && !is_private(tensor.format) &&
         tensor.strides == nullptr && !any_unknown(output_dims(i)) && !overlaps_input(tensor);
}

void Args::out_by(int i, const std::function<void(at::Tensor &)> &compute) {
  if (can_write_directly(i)) {
    const Dims dims = output_dims(i);
    at::Tensor result = view(output(i), dims);
    compute(result);
    /* A kernel that resizes has left the caller's memory. */
    if (result.sizes() == at::IntArrayRef(dims)) {
      record_dims(output(i), dims);
      return;
    }
    out(i, result);
    return;
  }
  at::Tensor result = at::empty({0}, compute_type(i));
  compute(result);
  out(i, result);
}

bool Args::in_place(int i, int of_input) const {
  const EmuTensor &from = input(of_input), &to = output(i);
  return from.data == to.data && from.bytes == to.bytes && from.dtype == to.dtype &&
         from.format == to.format && !is_private(to.format) && from.strides == nullptr &&
         to.strides == nullptr && !halves_as_float_;
}

void Args::out_changed(int i, int of_input, const std::function<void(at::Tensor &)> &change) {
  at::Tensor result = in(of_input);
  if (in_place(i, of_input)) {
    change(result);
    record_dims(output(i), result.sizes().vec());
    return;
  }
  result = result.clone();
  change(result);
  out(i, result);
}

void Args::raw_out(int i, const at::Tensor &result) {
  EmuTensor &tensor = output(i);
  const Dims dims = result.sizes().vec();
  const Dims declared(tensor.dims, tensor.dims + tensor.ndim);
  if (dims != declared) {
    refuse(ACL_ERROR_RT_AICORE_EXCEPTION, "output %s was given shape %s, but %s was computed",
           output_name(i).c_str(), dims_text(declared).c_str(), dims_text(dims).c_str());
  }
  record_dims(tensor, dims);
  write(tensor, dims, result);
}

void run_body(const Prototype &prototype, EmuCall &call) {
  const BelowAutograd below;
  if (!prototype.halves_as_float.load(std::memory_order_relaxed)) {
    try {
      Args args(prototype, call, false);
      prototype.body(args);
      return;
    } catch (const c10::Error &error) {
      if (!lacks_half_kernel(error.what())) throw;
      prototype.halves_as_float.store(true, std::memory_order_relaxed);
    }
  }
  Args args(prototype, call, true);
  prototype.body(args);
}

}  // namespace ascend_emu

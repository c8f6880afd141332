#include "runtime/format.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "runtime/allocator.h"
#include "runtime/copy.h"
#include "runtime/device.h"

namespace npu {

namespace {

constexpr int64_t kCubeRows = 16;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Elements of a row of the cube unit: 32 bytes, but never fewer than 16 elements.
int64_t block_channels(at::ScalarType type) { return c10::elementSize(type) == 1 ? 32 : 16; }

// How the bytes of some memory lie. Plain memory has none.
struct LaidOut final : Attachment {
  explicit LaidOut(Layout how) : layout(std::move(how)) {}

  const Layout layout;
};

const LaidOut* laid_out(const c10::Storage& storage) {
  // Only what this file attaches is attached to memory.
  return static_cast<const LaidOut*>(attachment(storage.data_ptr()));
}

const LaidOut* laid_out(const at::Tensor& tensor) {
  return tensor.has_storage() && is_npu(tensor) ? laid_out(tensor.storage()) : nullptr;
}

aclFormat origin_format(size_t rank) {
  return rank == 4 ? ACL_FORMAT_NCHW : rank == 5 ? ACL_FORMAT_NCDHW : ACL_FORMAT_ND;
}

bool is_plain_format(aclFormat format) {
  return format == ACL_FORMAT_ND || format == ACL_FORMAT_NCHW || format == ACL_FORMAT_NCDHW;
}

at::Tensor trans_data(const at::Tensor& tensor, const at::Tensor& made, aclFormat from,
                      aclFormat to) {
  OpCommand("TransData")
      .input_as_is(tensor)
      .output_as_is(made)
      .attr("src_format", format_name(from))
      .attr("dst_format", format_name(to))
      .run();
  return made;
}

// A contiguous tensor on a storage, from its beginning.
at::Tensor over(const at::Storage& storage, caffe2::TypeMeta type, at::IntArrayRef sizes) {
  at::Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(
      c10::Storage(storage), c10::DispatchKeySet(kDispatchKey), type);
  tensor.unsafeGetTensorImpl()->set_sizes_contiguous(sizes);
  return tensor;
}

}  // namespace

const char* format_name(aclFormat format) {
  switch (format) {
    case ACL_FORMAT_NCHW: return "NCHW";
    case ACL_FORMAT_NHWC: return "NHWC";
    case ACL_FORMAT_ND: return "ND";
    case ACL_FORMAT_NC1HWC0: return "NC1HWC0";
    case ACL_FORMAT_FRACTAL_Z: return "FRACTAL_Z";
    case ACL_FORMAT_FRACTAL_NZ: return "FRACTAL_NZ";
    case ACL_FORMAT_NCDHW: return "NCDHW";
    case ACL_FORMAT_NDC1HWC0: return "NDC1HWC0";
    case ACL_FRACTAL_Z_3D: return "FRACTAL_Z_3D";
    default: return "unknown";
  }
}

Layout layout_of(const at::Tensor& tensor) {
  const LaidOut* found = laid_out(tensor);
  if (found != nullptr) return found->layout;
  Layout plain;
  plain.format = plain.origin = origin_format(tensor.sizes().size());
  return plain;
}

bool is_private(const at::Tensor& tensor) { return laid_out(tensor) != nullptr; }

std::vector<int64_t> storage_sizes(aclFormat format, at::IntArrayRef sizes, at::ScalarType type) {
  const int64_t c0 = block_channels(type);
  const size_t rank = sizes.size();
  std::vector<int64_t> made;
  switch (format) {
    case ACL_FORMAT_NCHW:
    case ACL_FORMAT_ND:
    case ACL_FORMAT_NCDHW: return sizes.vec();
    case ACL_FORMAT_FRACTAL_NZ:
      TORCH_CHECK(rank >= 2, "FRACTAL_NZ (29) takes a tensor of 2 dims or more; this one has ",
                  rank);
      made.assign(sizes.begin(), sizes.end() - 2);
      made.insert(made.end(), {ceil_div(sizes[rank - 1], c0), ceil_div(sizes[rank - 2], kCubeRows),
                               kCubeRows, c0});
      return made;
    case ACL_FORMAT_NC1HWC0:
    case ACL_FORMAT_FRACTAL_Z:
      TORCH_CHECK(rank == 4, format_name(format), " (", static_cast<int>(format),
                  ") takes a tensor of 4 dims (NCHW); this one has ", rank);
      if (format == ACL_FORMAT_NC1HWC0) {
        return {sizes[0], ceil_div(sizes[1], c0), sizes[2], sizes[3], c0};
      }
      return {ceil_div(sizes[1], c0) * sizes[2] * sizes[3], ceil_div(sizes[0], kCubeRows),
              kCubeRows, c0};
    case ACL_FORMAT_NDC1HWC0:
    case ACL_FRACTAL_Z_3D:
      TORCH_CHECK(rank == 5, format_name(format), " (", static_cast<int>(format),
                  ") takes a tensor of 5 dims (NCDHW); this one has ", rank);
      if (format == ACL_FORMAT_NDC1HWC0) {
        return {sizes[0], sizes[2], ceil_div(sizes[1], c0), sizes[3], sizes[4], c0};
      }
      return {ceil_div(sizes[1], c0) * sizes[2] * sizes[3] * sizes[4],
              ceil_div(sizes[0], kCubeRows), kCubeRows, c0};
    default:
      TORCH_CHECK(false, "there is no tensor in format ", static_cast<int>(format),
                  "; 0 (NCHW), 2 (ND), 3 (NC1HWC0), 4 (FRACTAL_Z), 29 (FRACTAL_NZ), 30 (NCDHW), "
                  "32 (NDC1HWC0) and 33 (FRACTAL_Z_3D) are there");
  }
}

at::Tensor empty_in_format(at::IntArrayRef sizes, const at::TensorOptions& options,
                           aclFormat format) {
  const at::ScalarType type = c10::typeMetaToScalarType(options.dtype());
  Layout layout;
  layout.storage_sizes = storage_sizes(format, sizes, type);
  if (is_plain_format(format)) return empty(sizes, options);
  layout.format = format;
  layout.origin = origin_format(sizes.size());
  layout.origin_sizes = sizes.vec();
  layout.type = type;
  const at::Tensor made = empty({0}, options);
  const int64_t elements = std::accumulate(layout.storage_sizes.begin(), layout.storage_sizes.end(),
                                           int64_t{1}, std::multiplies<int64_t>());
  const size_t bytes = static_cast<size_t>(elements) * c10::elementSize(type);
  DeviceScope scope(made.device().index());
  c10::DataPtr data = attach(device_allocator()->allocate(bytes),
                             std::unique_ptr<Attachment>(new LaidOut(std::move(layout))));
  c10::Storage storage(c10::Storage::use_byte_size_t(), bytes, std::move(data), device_allocator(),
                       /*resizable=*/false);
  return over(storage, made.dtype(), sizes);
}

at::Tensor format_cast(const at::Tensor& tensor, aclFormat format) {
  TORCH_CHECK(is_npu(tensor), "npu_format_cast wants a tensor of an NPU; this one is on ",
              tensor.device());
  storage_sizes(format, tensor.sizes(), tensor.scalar_type());
  const aclFormat now = layout_of(tensor).format;
  if (now == format || (is_plain_format(now) && is_plain_format(format))) return tensor;
  // Two private layouts have no operator between them but by the plain one.
  if (!is_plain_format(now) && !is_plain_format(format)) return format_cast(plain(tensor), format);
  if (is_plain_format(format)) return plain(tensor);
  const at::Tensor given = contiguous(tensor);
  return trans_data(given, empty_in_format(tensor.sizes(), tensor.options(), format),
                    origin_format(tensor.sizes().size()), format);
}

at::Tensor plain(const at::Tensor& tensor) {
  if (!is_private(tensor)) return tensor;
  const Layout layout = layout_of(tensor);
  TORCH_CHECK(tensor.is_contiguous() && tensor.storage_offset() == 0 &&
                  tensor.sizes() == at::IntArrayRef(layout.origin_sizes),
              "a view of shape ", tensor.sizes(), " into a tensor of shape ", layout.origin_sizes,
              " in ", format_name(layout.format), " cannot be read; cast the whole tensor with "
              "npu_format_cast(2) first");
  return trans_data(tensor, empty(tensor.sizes(), tensor.options()), layout.format, layout.origin);
}

void make_plain_(const at::Storage& storage) {
  const LaidOut* found = laid_out(storage);
  if (found == nullptr) return;
  const Layout layout = found->layout;
  const at::TensorOptions options = at::TensorOptions().dtype(layout.type).device(storage.device());
  const at::Tensor values = plain(over(storage, options.dtype(), layout.origin_sizes));
  // As many bytes as before, for whoever has asked how many there are.
  const int64_t elements = static_cast<int64_t>(storage.nbytes() / c10::elementSize(layout.type));
  const at::Tensor moved = empty({elements}, options);
  zero_bytes(moved);
  moved.narrow(0, 0, values.numel()).copy_(values.view(-1), /*non_blocking=*/true);
  // The layout goes with the memory that lay in it.
  storage.unsafeGetStorageImpl()->set_data_ptr(
      moved.storage().unsafeGetStorageImpl()->set_data_ptr(c10::DataPtr()));
}

void make_plain_(const at::Tensor& tensor) {
  if (is_private(tensor)) make_plain_(tensor.storage());
}

}  // namespace npu

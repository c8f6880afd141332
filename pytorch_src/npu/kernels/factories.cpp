// Making tensors, and giving them other sizes and storages.
#include "runtime/allocator.h"
#include "runtime/copy.h"
#include "runtime/device.h"

#if NPU_TORCH_VERSION < 20000
#include <ATen/NativeFunctions.h>
#else
#include <ATen/EmptyTensor.h>
#include <ATen/native/Resize.h>
#endif

namespace npu {
namespace kernels {

namespace {

c10::Device chosen(const c10::optional<c10::Device>& device) {
  const c10::DeviceIndex index = device.has_value() ? device->index() : -1;
  return npu::device(index < 0 ? current_device() : index);
}

void check_options(const c10::optional<c10::Layout>& layout, const c10::optional<bool>& pin) {
  TORCH_CHECK(!layout.has_value() || *layout == c10::kStrided, "an NPU has only strided tensors; ",
              *layout, " was asked for");
  TORCH_CHECK(!pin.has_value() || !*pin, "only memory of the CPU can be pinned");
}

at::ScalarType chosen(const c10::optional<at::ScalarType>& type) {
  return type.has_value() ? *type : c10::typeMetaToScalarType(c10::get_default_dtype());
}

#if NPU_TORCH_VERSION < 20000
// How many bytes lie between the first and the last element.
size_t bytes_of(at::IntArrayRef sizes, at::IntArrayRef strides, size_t element, size_t offset) {
  size_t last = 0;
  for (size_t dim = 0; dim < sizes.size(); ++dim) {
    if (sizes[dim] == 0) return 0;
    last += static_cast<size_t>(sizes[dim] - 1) * static_cast<size_t>(strides[dim]);
  }
  return (offset + last + 1) * element;
}

// A tensor of no elements with memory for so many bytes.
at::Tensor with_room(size_t bytes, at::ScalarType type) {
  auto storage = c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), bytes,
                                                       device_allocator(), /*resizable=*/true);
  return at::detail::make_tensor<c10::TensorImpl>(std::move(storage), kDispatchKey,
                                                  c10::scalarTypeToTypeMeta(type));
}

void check_not_negative(at::IntArrayRef sizes) {
  for (const int64_t size : sizes) {
    TORCH_CHECK(size >= 0, "Trying to create tensor with negative dimension ", size, ": ", sizes);
  }
}

at::Tensor made(at::IntArrayRef sizes, at::ScalarType type,
                const c10::optional<at::MemoryFormat>& memory_format) {
  check_not_negative(sizes);
  size_t bytes = c10::elementSize(type);
  for (const int64_t size : sizes) bytes *= static_cast<size_t>(size);
  const at::Tensor tensor = with_room(bytes, type);
  auto* impl = tensor.unsafeGetTensorImpl();
  if (sizes != at::IntArrayRef({0})) impl->set_sizes_contiguous(sizes);
  impl->empty_tensor_restride(memory_format.value_or(at::MemoryFormat::Contiguous));
  return tensor;
}

at::Tensor made_strided(at::IntArrayRef sizes, at::IntArrayRef strides, at::ScalarType type) {
  check_not_negative(sizes);
  TORCH_CHECK(sizes.size() == strides.size(), "empty_strided: ", sizes.size(), " sizes and ",
              strides.size(), " strides are given; as many of both are expected");
  const at::Tensor tensor = with_room(bytes_of(sizes, strides, c10::elementSize(type), 0), type);
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides);
  return tensor;
}
#else
size_t bytes_of(at::IntArrayRef sizes, at::IntArrayRef strides, size_t element, size_t offset) {
  return at::detail::computeStorageNbytes(sizes, strides, element, offset);
}

at::Tensor made(at::IntArrayRef sizes, at::ScalarType type,
                const c10::optional<at::MemoryFormat>& memory_format) {
  return at::detail::empty_generic(sizes, device_allocator(), c10::DispatchKeySet(kDispatchKey),
                                   type, memory_format);
}

at::Tensor made_strided(at::IntArrayRef sizes, at::IntArrayRef strides, at::ScalarType type) {
  return at::detail::empty_strided_generic(sizes, strides, device_allocator(),
                                           c10::DispatchKeySet(kDispatchKey), type);
}
#endif

}  // namespace

at::Tensor empty_memory_format(at::IntArrayRef size, c10::optional<at::ScalarType> dtype,
                               c10::optional<at::Layout> layout, c10::optional<at::Device> device,
                               c10::optional<bool> pin_memory,
                               c10::optional<at::MemoryFormat> memory_format) {
  check_options(layout, pin_memory);
  DeviceScope scope(chosen(device).index());
  return made(size, chosen(dtype), memory_format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride,
                         c10::optional<at::ScalarType> dtype, c10::optional<at::Layout> layout,
                         c10::optional<at::Device> device, c10::optional<bool> pin_memory) {
  check_options(layout, pin_memory);
  DeviceScope scope(chosen(device).index());
  return made_strided(size, stride, chosen(dtype));
}

ResizedArg resize_(ResizedArg self, at::IntArrayRef size,
                   c10::optional<at::MemoryFormat> memory_format) {
  TORCH_CHECK(!memory_format.has_value() || *memory_format == c10::MemoryFormat::Contiguous ||
                  *memory_format == c10::MemoryFormat::Preserve,
              "resize_: an NPU tensor is resized in the contiguous memory format only");
  make_plain_(self);
  if (self.sizes() == size) return self;
  auto* impl = self.unsafeGetTensorImpl();
  impl->set_sizes_contiguous(size);
  const size_t bytes =
      static_cast<size_t>(self.storage_offset() + self.numel()) * self.element_size();
  if (self.numel() > 0 && bytes > self.storage().nbytes()) resize_storage(self.storage(), bytes);
  return self;
}

at::Tensor& set__source_Storage_storage_offset(at::Tensor& self, at::Storage source,
                                               int64_t storage_offset, at::IntArrayRef size,
                                               at::IntArrayRef stride) {
  TORCH_CHECK(source.device() == self.device(), "set_: the storage is on ", source.device(),
              " and the tensor on ", self.device(), "; both must be on one device");
  TORCH_CHECK(storage_offset >= 0, "set_: the storage offset is ", storage_offset,
              "; it cannot be negative");
  make_plain_(source);
  auto* impl = self.unsafeGetTensorImpl();
  impl->set_storage_keep_dtype(std::move(source));
  impl->set_storage_offset(storage_offset);
  if (stride.data() == nullptr) {
    impl->set_sizes_contiguous(size);
  } else {
    impl->set_sizes_and_strides(size, stride);
  }
  const size_t bytes = bytes_of(self.sizes(), self.strides(), self.element_size(),
                                static_cast<size_t>(storage_offset));
  if (bytes > self.storage().nbytes()) resize_storage(self.storage(), bytes);
  return self;
}

at::Tensor& set__source_Storage(at::Tensor& self, at::Storage source) {
  const int64_t elements = static_cast<int64_t>(source.nbytes() / self.element_size());
  return set__source_Storage_storage_offset(self, std::move(source), 0, {elements}, {1});
}

at::Tensor& set__source_Tensor(at::Tensor& self, const at::Tensor& source) {
  if (self.is_same(source)) return self;
  return set__source_Storage_storage_offset(self, source.storage(), source.storage_offset(),
                                            source.sizes(), source.strides());
}

at::Tensor& set_(at::Tensor& self) {
  return set__source_Tensor(self, npu::empty({0}, self.options()));
}

bool is_set_to(const at::Tensor& self, const at::Tensor& tensor) {
  return self.storage().unsafeGetStorageImpl() == tensor.storage().unsafeGetStorageImpl() &&
         self.storage_offset() == tensor.storage_offset() && self.sizes() == tensor.sizes() &&
         self.strides() == tensor.strides();
}

void record_stream(at::Tensor& self, at::Stream s) {
  npu::record_stream(self.storage().data_ptr(), Stream(s));
}

#if NPU_TORCH_VERSION < 20000
at::Tensor clone(const at::Tensor& self, c10::optional<at::MemoryFormat> memory_format) {
  return at::native::clone(self, memory_format);
}
#endif

}  // namespace kernels
}  // namespace npu

/* What it costs to go through AscendCL rather than straight to ATen or memcpy. Prints one JSON
   object; times in microseconds, each the median of many rounds. */
#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#include "acl/acl.h"

namespace {

void check(aclError code, const char *call) {
  if (code == ACL_SUCCESS) return;
  const char *text = aclGetRecentErrMsg();
  std::fprintf(stderr, "%s: %s\n", call, text ? text : "no text");
  std::exit(1);
}
#define CHECK(call) check((call), #call)

double median_us(int rounds, const std::function<void()> &work) {
  std::vector<double> times;
  for (int i = 0; i < rounds / 10 + 1; ++i) work();
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    times.push_back(std::chrono::duration<double, std::micro>(
                        std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[static_cast<size_t>(rounds / 2)];
}

/* A float tensor on the device with what an operator call needs of it, made anew for each call as
   a backend does. */
struct Operand {
  Operand(void *data, std::vector<int64_t> shape)
      : desc(aclCreateTensorDesc(ACL_FLOAT, static_cast<int>(shape.size()), shape.data(),
                                 ACL_FORMAT_ND)) {
    size_t bytes = sizeof(float);
    for (const int64_t dim : shape) bytes *= static_cast<size_t>(dim);
    buffer = aclCreateDataBuffer(data, bytes);
  }
  ~Operand() {
    aclDestroyTensorDesc(desc);
    aclDestroyDataBuffer(buffer);
  }
  Operand(const Operand &) = delete;
  Operand &operator=(const Operand &) = delete;
  aclTensorDesc *desc;
  aclDataBuffer *buffer = nullptr;
};

void run_op(const char *op, const std::vector<int64_t> &shape, void *x, void *y, void *z,
            bool matmul, aclrtStream stream) {
  Operand first(x, shape), second(y, shape), result(z, shape);
  const aclTensorDesc *inputs[] = {first.desc, second.desc};
  const aclDataBuffer *in_data[] = {first.buffer, second.buffer};
  const aclTensorDesc *outputs[] = {result.desc};
  aclDataBuffer *out_data[] = {result.buffer};
  aclopAttr *attributes = aclopCreateAttr();
  if (matmul) {
    aclopSetAttrBool(attributes, "transpose_x1", 0);
    aclopSetAttrBool(attributes, "transpose_x2", 0);
  }
  CHECK(aclopCompileAndExecute(op, 2, inputs, in_data, 1, outputs, out_data, attributes,
                               ACL_ENGINE_SYS, ACL_COMPILE_SYS, nullptr, stream));
  aclopDestroyAttr(attributes);
  CHECK(aclrtSynchronizeStream(stream));
}

void *on_device(const at::Tensor &tensor) {
  void *memory = nullptr;
  const size_t bytes = static_cast<size_t>(tensor.nbytes());
  CHECK(aclrtMalloc(&memory, bytes, ACL_MEM_MALLOC_HUGE_FIRST));
  CHECK(aclrtMemcpy(memory, bytes, tensor.data_ptr(), bytes, ACL_MEMCPY_HOST_TO_DEVICE));
  return memory;
}

}  // namespace

int main() {
  CHECK(aclInit(nullptr));
  CHECK(aclrtSetDevice(0));
  aclrtStream stream = nullptr;
  CHECK(aclrtCreateStream(&stream));

  at::Tensor x = at::rand({16}), y = at::rand({16}), z = at::empty({16});
  void *dx = on_device(x), *dy = on_device(y), *dz = on_device(z);
  const double small_seam =
      median_us(4000, [&] { run_op("Add", {16}, dx, dy, dz, false, stream); });
  const double small_aten = median_us(4000, [&] { at::add_out(z, x, y); });

  const size_t bytes = size_t{64} << 20;
  void *pinned = nullptr, *memory = nullptr;
  CHECK(aclrtMallocHost(&pinned, bytes));
  CHECK(aclrtMalloc(&memory, bytes, ACL_MEM_MALLOC_HUGE_FIRST));
  void *plain = nullptr;
  if (posix_memalign(&plain, 4096, bytes) != 0) return 1;
  std::memset(pinned, 1, bytes);
  std::memset(plain, 2, bytes);
  const double copy_seam = median_us(25, [&] {
    CHECK(aclrtMemcpyAsync(memory, bytes, pinned, bytes, ACL_MEMCPY_HOST_TO_DEVICE, stream));
    CHECK(aclrtSynchronizeStream(stream));
  });
  const double copy_plain = median_us(25, [&] {
    std::memcpy(plain, pinned, bytes);
    /* Or the compiler sees that nobody reads it. */
    asm volatile("" : : "r"(plain) : "memory");
  });

  at::Tensor a = at::rand({1024, 1024}), b = at::rand({1024, 1024}), c = at::empty({1024, 1024});
  void *da = on_device(a), *db = on_device(b), *dc = on_device(c);
  const double matmul_seam =
      median_us(15, [&] { run_op("MatMulV2", {1024, 1024}, da, db, dc, true, stream); });
  const double matmul_aten = median_us(15, [&] { at::mm_out(c, a, b); });

  std::printf(
      "{\"small_seam_us\": %.2f, \"small_aten_us\": %.2f, \"copy_seam_us\": %.1f, "
      "\"copy_memcpy_us\": %.1f, \"matmul_seam_us\": %.1f, \"matmul_aten_us\": %.1f}\n",
      small_seam, small_aten, copy_seam, copy_plain, matmul_seam, matmul_aten);
  std::free(plain);
  CHECK(aclFinalize());
  return 0;
}

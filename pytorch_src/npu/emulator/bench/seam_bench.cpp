/* What it costs to go through AscendCL rather than straight to ATen or memcpy. Prints one JSON
   object; times in microseconds, medians of many rounds in which the two take turns. */
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

double microseconds(const std::function<void()> &work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
      .count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct Pair {
  double seam_us;
  double plain_us;
  double ratio; /* median of plain over seam, pair by pair */
};

/* The two in turn, so that a load that comes and goes meets both. */
Pair measure(int rounds, const std::function<void()> &seam, const std::function<void()> &plain) {
  std::vector<double> seams, plains, ratios;
  for (int i = 0; i < rounds / 10 + 2; ++i) {
    seam();
    plain();
  }
  for (int i = 0; i < rounds; ++i) {
    seams.push_back(microseconds(seam));
    plains.push_back(microseconds(plain));
    ratios.push_back(plains.back() / seams.back());
  }
  return {median(seams), median(plains), median(ratios)};
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
  const Pair small = measure(
      4000, [&] { run_op("Add", {16}, dx, dy, dz, false, stream); },
      [&] { at::add_out(z, x, y); });

  const size_t bytes = size_t{64} << 20;
  void *pinned = nullptr, *memory = nullptr;
  CHECK(aclrtMallocHost(&pinned, bytes));
  CHECK(aclrtMalloc(&memory, bytes, ACL_MEM_MALLOC_HUGE_FIRST));
  void *plain = nullptr;
  if (posix_memalign(&plain, 4096, bytes) != 0) return 1;
  std::memset(pinned, 1, bytes);
  std::memset(plain, 2, bytes);
  const Pair copy = measure(
      25,
      [&] {
        CHECK(aclrtMemcpyAsync(memory, bytes, pinned, bytes, ACL_MEMCPY_HOST_TO_DEVICE, stream));
        CHECK(aclrtSynchronizeStream(stream));
      },
      [&] {
        std::memcpy(plain, pinned, bytes);
        /* Or the compiler sees that nobody reads it. */
        asm volatile("" : : "r"(plain) : "memory");
      });

  at::Tensor a = at::rand({1024, 1024}), b = at::rand({1024, 1024}), c = at::empty({1024, 1024});
  void *da = on_device(a), *db = on_device(b), *dc = on_device(c);
  const Pair matmul = measure(
      15, [&] { run_op("MatMulV2", {1024, 1024}, da, db, dc, true, stream); },
      [&] { at::mm_out(c, a, b); });

  std::printf(
      "{\"small_seam_us\": %.2f, \"small_aten_us\": %.2f, \"copy_seam_us\": %.1f, "
      "\"copy_memcpy_us\": %.1f, \"copy_ratio\": %.3f, \"matmul_seam_us\": %.1f, "
      "\"matmul_aten_us\": %.1f, \"matmul_ratio\": %.3f}\n",
      small.seam_us, small.plain_us, copy.seam_us, copy.plain_us, copy.ratio, matmul.seam_us,
      matmul.plain_us, matmul.ratio);
  std::free(plain);
  CHECK(aclFinalize());
  return 0;
}

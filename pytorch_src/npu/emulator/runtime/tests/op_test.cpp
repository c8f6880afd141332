#include <sys/wait.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>

#include "op_fixture.h"

namespace {

const std::vector<float> kOnes = {1, 2, 3, 4};
const std::vector<float> kTens = {10, 20, 30, 40};
const std::vector<float> kSum = {11, 22, 33, 44};

}  // namespace

TEST_F(OpTest, ComputesOnTheDefaultStream) {
  void *y = device_memory(16);
  Call call("Add");
  call.input(floats(kOnes), {2, 2}).input(floats(kTens), {2, 2}).output(y, {2, 2});
  ACL_OK(call.run());
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read(y, 4), kSum);
}

TEST_F(OpTest, EverythingMayBeDestroyedRightAfterTheLaunch) {
  aclrtStream stream = new_stream();
  void *x1 = floats(kOnes), *x2 = floats(kTens), *y = device_memory(16);
  Gate gate;
  gate.close(stream);
  {
    Call call("Add");
    call.input(x1, {4}).input(x2, {4}).output(y, {4}).attr("alpha", 2);
    ACL_OK(call.run(stream));
  }
  /* Others take the places of what was destroyed. */
  Call other("Fill");
  other.output(device_memory(16), {4}).attr("value", 7);
  gate.open();
  ACL_OK(aclrtSynchronizeStream(stream));
  EXPECT_EQ(read(y, 4), (std::vector<float>{21, 42, 63, 84}));
}

TEST_F(OpTest, RunsInTheOrderOfLaunches) {
  aclrtStream stream = new_stream();
  void *x = floats({1}), *one = floats({1});
  for (int i = 0; i < 500; ++i) {
    Call twice("Scale");
    ACL_OK(twice.input(x, {1}).output(x, {1}).attr("factor", i % 2 == 0 ? 2.0f : 0.5f).run(stream));
    Call more("Add");
    ACL_OK(more.input(x, {1}).input(one, {1}).output(x, {1}).run(stream));
  }
  ACL_OK(aclrtSynchronizeStream(stream));
  float expected = 1;
  for (int i = 0; i < 500; ++i) expected = expected * (i % 2 == 0 ? 2.0f : 0.5f) + 1;
  EXPECT_EQ(read(x, 1)[0], expected);
}

TEST_F(OpTest, FailuresSurfaceAtSynchronise) {
  aclrtStream stream = new_stream();
  Call call("Broken");
  ACL_OK(call.output(device_memory(4), {1}).run(stream));
  ACL_REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_AICORE_EXCEPTION,
              "Op [Broken]: index 7 is out of range");
  ACL_OK(aclrtSynchronizeStream(stream));
}

TEST_F(OpTest, FreedBetweenLaunchAndExecution) {
  aclrtStream stream = new_stream();
  void *x1 = floats(kOnes), *y = device_memory(16);
  Gate gate;
  gate.close(stream);
  Call call("Scale");
  call.input(x1, {4}).output(y, {4});
  aclSetTensorDescName(call.input_descs()[0], "x");
  ACL_OK(call.run(stream));
  ACL_OK(aclrtFree(x1));
  gate.open();
  ACL_REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_AICORE_EXCEPTION,
              "Op [Scale]: memory was freed between launch and execution: input x");
}

TEST_F(OpTest, PointersAreCheckedAtLaunch) {
  void *good = floats(kOnes);
  float host[4] = {};
  const auto add = [&](void *x2, aclError code, const char *part) {
    Call call("Add");
    call.input(good, {4}).input(x2, {4}).output(good, {4});
    aclSetTensorDescName(call.input_descs()[1], "x2");
    ACL_REFUSED(call.run(), code, std::string("Op [Add]: input x2") + part);
  };
  add(host, ACL_ERROR_RT_PARAM_INVALID, ": ");
  add(static_cast<char *>(good) + 4, ACL_ERROR_RT_PARAM_INVALID, ": 16 bytes");
  void *gone = floats(kOnes);
  ACL_OK(aclrtFree(gone));
  add(gone, ACL_ERROR_RT_PARAM_INVALID, ": ");
  ACL_OK(aclrtSetDevice(1));
  void *elsewhere = floats(kOnes);
  ACL_OK(aclrtSetDevice(0));
  add(elsewhere, ACL_ERROR_RT_PARAM_INVALID, ": ");
  EXPECT_EQ(aclGetRecentErrMsg(), nullptr);
  void *large = device_memory(64);
  add(static_cast<char *>(large) + 2, ACL_ERROR_RT_ADDR_UNALIGNED, ": ");
  ACL_REFUSED(Call("Fill").output(host, {4}).run(), ACL_ERROR_RT_PARAM_INVALID, "output 0: ");
}

TEST_F(OpTest, WrongDeviceNamesBoth) {
  ACL_OK(aclrtSetDevice(1));
  void *elsewhere = floats(kOnes);
  ACL_OK(aclrtSetDevice(0));
  ACL_REFUSED(Call("Fill").output(elsewhere, {4}).run(), ACL_ERROR_RT_PARAM_INVALID,
              "lies on device 1, but the stream is of device 0");
}

TEST_F(OpTest, BuffersMustHoldTheirTensors) {
  void *y = device_memory(16);
  Call call("Fill");
  call.sized_output(y, 12, {2, 2});
  ACL_REFUSED(call.run(), ACL_ERROR_INVALID_PARAM,
              "output 0: its data buffer has 12 bytes, but a tensor of shape [2, 2] and type "
              "DT_FLOAT needs 16");
}

TEST_F(OpTest, BadArguments) {
  void *y = device_memory(16);
  Call call("Fill");
  call.output(y, {4});
  aclTensorDesc **descs = call.output_descs().data();
  aclDataBuffer **buffers = call.outputs().data();
  const auto fill = [&](const char *op, int inputs, aclTensorDesc **out, aclDataBuffer **data,
                        int outputs, aclopAttr *attr, int engine, int flag, const char *path) {
    return aclopCompileAndExecute(op, inputs, nullptr, nullptr, outputs, out, data, attr,
                                  static_cast<aclopEngineType>(engine),
                                  static_cast<aclopCompileType>(flag), path, nullptr);
  };
  const auto wrong = ACL_ERROR_INVALID_PARAM;
  ACL_REFUSED(fill(nullptr, 0, descs, buffers, 1, nullptr, 0, 0, nullptr), wrong, "opType is null");
  ACL_REFUSED(fill("", 0, descs, buffers, 1, nullptr, 0, 0, nullptr), wrong, "opType is empty");
  ACL_REFUSED(fill("Fill", -1, descs, buffers, 1, nullptr, 0, 0, nullptr), wrong, "-1 inputs");
  ACL_REFUSED(fill("Fill", 0, descs, buffers, -3, nullptr, 0, 0, nullptr), wrong, "-3 outputs");
  ACL_REFUSED(fill("Fill", 1, descs, buffers, 1, nullptr, 0, 0, nullptr), wrong,
              "the array of input descriptors is null");
  ACL_REFUSED(fill("Fill", 0, nullptr, buffers, 1, nullptr, 0, 0, nullptr), wrong,
              "the array of output descriptors is null");
  ACL_REFUSED(fill("Fill", 0, descs, nullptr, 1, nullptr, 0, 0, nullptr), wrong,
              "the array of output buffers is null");
  ACL_REFUSED(fill("Fill", 0, descs, buffers, 1, nullptr, 9, 0, nullptr), wrong, "engineType is 9");
  ACL_REFUSED(fill("Fill", 0, descs, buffers, 1, nullptr, 0, 9, nullptr), wrong,
              "compileFlag is 9");
  ACL_REFUSED(fill("Fill", 0, descs, buffers, 1, nullptr, 0, 1, nullptr), wrong, "opPath");
  ACL_REFUSED(fill("Fill", 0, descs, buffers, 1, nullptr, 0, 1, "."), ACL_ERROR_API_NOT_SUPPORT,
              "not supported by the emulator");
  aclTensorDesc *no_desc = nullptr;
  ACL_REFUSED(fill("Fill", 0, &no_desc, buffers, 1, nullptr, 0, 0, nullptr), wrong,
              "Op [Fill]: output 0: the tensor descriptor is null");
  aclDataBuffer *no_buffer = nullptr;
  ACL_REFUSED(fill("Fill", 0, descs, &no_buffer, 1, nullptr, 0, 0, nullptr), wrong,
              "output 0: the data buffer is null");
  auto *swapped = reinterpret_cast<aclTensorDesc *>(buffers[0]);
  ACL_REFUSED(fill("Fill", 0, &swapped, buffers, 1, nullptr, 0, 0, nullptr), wrong,
              "is not a tensor descriptor");
  aclopAttr *gone = aclopCreateAttr();
  aclopDestroyAttr(gone);
  ACL_REFUSED(fill("Fill", 0, descs, buffers, 1, gone, 0, 0, nullptr), wrong, "was destroyed");
  ACL_OK(fill("Fill", 0, descs, buffers, 1, nullptr, 0, 0, nullptr));
  aclrtStream stream = new_stream();
  ACL_OK(aclrtDestroyStream(stream));
  ACL_REFUSED(call.run(stream), ACL_ERROR_RT_PARAM_INVALID, "was destroyed");
}

TEST_F(OpTest, TheLibraryRefusesWhatItsPrototypesDoNotHave) {
  ACL_REFUSED(Call("Nothing").run(), ACL_ERROR_OP_NOT_FOUND, "Op [Nothing] is not known");
  void *x = floats(kOnes);
  Call one("Add");
  ACL_REFUSED(one.input(x, {4}).output(x, {4}).run(), ACL_ERROR_OP_INPUT_NOT_MATCH,
              "Op [Add]: 2 inputs expected, 1 given");
  Call ints("Add");
  ints.input(x, {4}, ACL_INT32).input(x, {4}).output(x, {4});
  ACL_REFUSED(ints.run(), ACL_ERROR_UNSUPPORTED_DATA_TYPE, "not DT_FLOAT");
}

TEST_F(OpTest, AbsentInputs) {
  void *x = floats(kOnes), *y = device_memory(16);
  Call call("Add");
  ACL_OK(call.input(x, {4}).absent_input().output(y, {4}).run());
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read(y, 4), kOnes);
}

TEST_F(OpTest, EmptyTensorsNeedNoMemory) {
  Call call("Add");
  ACL_OK(call.input(nullptr, {0, 4}).input(nullptr, {0, 4}).output(nullptr, {0, 4}).run());
  ACL_OK(aclrtSynchronizeStream(nullptr));
}

TEST_F(OpTest, ConstantsAndHostInputs) {
  void *y = device_memory(4);
  int64_t axes[] = {3, 4};
  {
    Call constant("AxesSum");
    constant.input(floats(kOnes), {2}, ACL_INT64).output(y, {1});
    ACL_OK(aclSetTensorConst(constant.input_descs()[0], axes, sizeof axes));
    axes[0] = 100;
    ACL_OK(constant.run());
  }
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read(y, 1)[0], 7);
  Gate gate;
  gate.close(nullptr);
  {
    Call host("AxesSum");
    host.input(axes, {2}, ACL_INT64).output(y, {1});
    ACL_OK(aclSetTensorPlaceMent(host.input_descs()[0], ACL_MEMTYPE_HOST));
    ACL_OK(host.run());
  }
  axes[0] = -1; /* it was read at the launch */
  gate.open();
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read(y, 1)[0], 104);
  Call wrong("AxesSum");
  wrong.input(floats(kOnes), {2}, ACL_INT64).output(y, {1});
  ACL_OK(aclSetTensorPlaceMent(wrong.input_descs()[0], ACL_MEMTYPE_HOST));
  ACL_REFUSED(wrong.run(), ACL_ERROR_INVALID_PARAM, "placed in host memory, but");
  Call output("Fill");
  output.output(y, {1});
  ACL_OK(aclSetTensorPlaceMent(output.output_descs()[0], ACL_MEMTYPE_HOST));
  ACL_REFUSED(output.run(), ACL_ERROR_INVALID_PARAM, "only inputs can be");
  Call grown("AxesSum");
  grown.input(floats(kOnes), {1}, ACL_INT64).output(y, {1});
  ACL_OK(aclSetTensorConst(grown.input_descs()[0], axes, 8));
  const int64_t larger[] = {2};
  ACL_OK(aclSetTensorShape(grown.input_descs()[0], 1, larger));
  ACL_REFUSED(grown.run(), ACL_ERROR_INVALID_PARAM, "fewer bytes");
}

TEST_F(OpTest, DynamicInputsAreNumbered) {
  void *y = device_memory(24);
  Call call("Concat");
  call.input(floats({1, 2}), {2}).input(floats({3}), {1}).input(floats({4, 5, 6}), {3});
  for (aclTensorDesc *desc : call.input_descs()) ACL_OK(aclSetTensorDynamicInput(desc, "x"));
  ACL_OK(call.output(y, {6}).run());
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read(y, 6), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_F(OpTest, Attributes) {
  void *y = device_memory(512);
  Call call("Tell");
  call.output(y, {512}, ACL_UINT8);
  aclopAttr *attr = call.attrs();
  const int64_t ints[] = {-1, 2}, row[] = {7, 8};
  const int64_t *rows[] = {row, nullptr};
  const int lengths[] = {2, 0};
  const uint8_t bools[] = {1, 0};
  const float values[] = {0.5f};
  const char *texts[] = {"a", "bc"};
  const aclDataType types[] = {ACL_BF16};
  ACL_OK(aclopSetAttrInt(attr, "again", 1));
  ACL_OK(aclopSetAttrBool(attr, "b", 5));
  ACL_OK(aclopSetAttrString(attr, "s", "SAME"));
  ACL_OK(aclopSetAttrDataType(attr, "d", ACL_FLOAT16));
  ACL_OK(aclopSetAttrListBool(attr, "lb", 2, bools));
  ACL_OK(aclopSetAttrListInt(attr, "li", 2, ints));
  ACL_OK(aclopSetAttrListFloat(attr, "lf", 1, values));
  ACL_OK(aclopSetAttrListString(attr, "ls", 2, texts));
  ACL_OK(aclopSetAttrListDataType(attr, "ld", 1, types));
  ACL_OK(aclopSetAttrListListInt(attr, "ll", 2, lengths, rows));
  ACL_OK(aclopSetAttrFloat(attr, "again", 2.5f)); /* another kind in the first one's place */
  ACL_OK(call.run());
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read_text(y, 512),
            "again/2=2.500000,;b/0=1,;s/3=SAME,;d/4=1,;lb/5=1,0,;li/6=-1,2,;lf/7=0.500000,;"
            "ls/8=a,bc,;ld/9=27,;ll/10=(7,8,)();");
}

TEST_F(OpTest, LayoutsAndOriginalShapes) {
  void *x = device_memory(2048), *y = device_memory(512);
  Call call("Tell");
  call.input(x, {1, 20, 4, 4}, ACL_FLOAT16).input(x, {8}).output(y, {512}, ACL_UINT8);
  const int64_t laid_out[] = {1, 2, 4, 4, 16};
  ACL_OK(aclSetTensorFormat(call.input_descs()[0], ACL_FORMAT_NC1HWC0));
  ACL_OK(aclSetTensorShape(call.input_descs()[0], 5, laid_out));
  ACL_REFUSED(call.run(), ACL_ERROR_INVALID_PARAM, "has 640 bytes");
  ACL_OK(aclUpdateDataBuffer(call.inputs()[0], x, 1024));
  ACL_OK(call.run());
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read_text(y, 512), "in format 3 ndim 5 origin 2 4;in format 2 ndim 1 origin -1 -1;");
}

TEST_F(OpTest, ShapesThatFollowFromTheDataAreToldByV2) {
  void *x = floats({0, 5, 0, 7}), *y = device_memory(32);
  Call call("NonZero");
  call.input(x, {4}).output(y, {4, 1}, ACL_INT64);
  ACL_OK(call.run_v2());
  EXPECT_EQ(aclGetTensorDescDim(call.output_descs()[0], 0), 2);
  int64_t found[2] = {};
  ACL_OK(aclrtMemcpy(found, 16, y, 16, ACL_MEMCPY_DEVICE_TO_HOST));
  EXPECT_EQ(found[0], 1);
  EXPECT_EQ(found[1], 3);

  Call open("NonZero");
  open.input(x, {4}).sized_output(y, 32, {-1, 1}, ACL_INT64);
  ACL_OK(open.execute());
  EXPECT_EQ(aclGetTensorDescDim(open.output_descs()[0], 0), 2);
  /* The shape of an output may be open, that of an input not. */
  Call input("NonZero");
  input.input(x, {4}).output(y, {4, 1}, ACL_INT64);
  const int64_t unknown[] = {-1};
  ACL_OK(aclSetTensorShape(input.input_descs()[0], 1, unknown));
  ACL_REFUSED(input.run(), ACL_ERROR_INVALID_PARAM, "every dim of an input must be known");
}

TEST_F(OpTest, V2DoesNotWaitForShapesThatAreKnown) {
  aclrtStream stream = new_stream();
  void *x = floats(kOnes), *y = device_memory(16);
  Gate gate;
  gate.close(stream);
  Call call("Scale");
  call.input(x, {2, 2}).sized_output(y, 16, {-1, -1}).attr("factor", 3);
  ACL_OK(call.run_v2(stream)); /* would hang here */
  EXPECT_EQ(aclGetTensorDescSize(call.output_descs()[0]), 16u);
  gate.open();
  ACL_OK(aclrtSynchronizeStream(stream));
}

TEST_F(OpTest, FailuresSurfaceInV2) {
  void *x = floats(kOnes), *y = device_memory(32);
  Call broken("Broken");
  ACL_OK(broken.output(y, {1}).run());
  Call call("NonZero");
  call.input(x, {4}).output(y, {4, 1}, ACL_INT64);
  ACL_REFUSED(call.run_v2(), ACL_ERROR_RT_AICORE_EXCEPTION, "Op [Broken]");
}

TEST_F(OpTest, CompileChecksWithoutRunning) {
  Call call("Add");
  call.input(nullptr, {0}).input(nullptr, {0}).output(nullptr, {0});
  ACL_OK(call.compile());
  ACL_REFUSED(Call("Add").compile(), ACL_ERROR_OP_INPUT_NOT_MATCH, "2 inputs expected");
  ACL_REFUSED(Call("Nothing").compile(), ACL_ERROR_OP_NOT_FOUND, "not known");
}

TEST_F(OpTest, InfersShapes) {
  void *x = floats(kOnes);
  Call call("Scale");
  call.input(x, {2, 2}).sized_output(nullptr, 0, {-2});
  ACL_OK(call.infer());
  EXPECT_EQ(aclGetTensorDescNumDims(call.output_descs()[0]), 2u);
  EXPECT_EQ(aclGetTensorDescDim(call.output_descs()[0], 1), 2);
  Call open("NonZero");
  open.input(x, {4}).sized_output(nullptr, 0, {-1, 1}, ACL_INT64);
  ACL_REFUSED(open.infer(), ACL_ERROR_OP_UNSUPPORTED_DYNAMIC, "follow from the data");
  int64_t axes[] = {1, 2};
  Call host("AxesSum");
  host.input(axes, {2}, ACL_INT64).sized_output(nullptr, 0, {-1});
  ACL_OK(host.infer()); /* inputs of aclopInferShape are host memory */
  Call device("AxesSum");
  device.input(x, {2}, ACL_INT64).sized_output(nullptr, 0, {-1});
  ACL_REFUSED(device.infer(), ACL_ERROR_OP_UNSUPPORTED_DYNAMIC, "AxesSum");
}

TEST_F(OpTest, OverflowIsSeenWhereItIsLookedFor) {
  aclrtStream stream = new_stream();
  const float large = std::numeric_limits<float>::max();
  void *finite = floats({1, large});
  void *infinite = floats({1, std::numeric_limits<float>::infinity()});
  void *y = device_memory(8), *status = device_memory(64);
  const auto seen = [&](void *x, float factor) {
    EXPECT_EQ(aclrtResetOverflowStatus(stream), ACL_SUCCESS);
    EXPECT_EQ(Call("Scale").input(x, {2}).output(y, {2}).attr("factor", factor).run(stream), 0);
    EXPECT_EQ(aclrtGetOverflowStatus(status, 64, stream), ACL_SUCCESS);
    EXPECT_EQ(aclrtSynchronizeStream(stream), ACL_SUCCESS);
    uint8_t bytes[64];
    EXPECT_EQ(aclrtMemcpy(bytes, 64, status, 64, ACL_MEMCPY_DEVICE_TO_HOST), ACL_SUCCESS);
    for (uint8_t byte : bytes) {
      if (byte != 0) return true;
    }
    return false;
  };
  EXPECT_FALSE(seen(finite, 2)); /* nobody looks */
  ACL_OK(aclrtSetStreamOverflowSwitch(stream, 1));
  EXPECT_TRUE(seen(finite, 2));
  EXPECT_FALSE(seen(finite, 0.5f));
  EXPECT_FALSE(seen(infinite, 2)); /* it came in so */
}

TEST_F(OpTest, OverflowIsSeenEverywhereWhenTheEnvironmentAsks) {
  aclFinalize();
  setenv("ASCEND_EMU_OVERFLOW", "1", 1);
  ACL_OK(aclInit(nullptr));
  unsetenv("ASCEND_EMU_OVERFLOW");
  ACL_OK(aclrtSetDevice(0));
  void *x = floats({1, 2}), *status = device_memory(64);
  ACL_OK(Call("Scale").input(x, {2}).output(x, {2}).attr("factor", 1e30f).run());
  ACL_OK(Call("Scale").input(x, {2}).output(x, {2}).attr("factor", 1e30f).run());
  ACL_OK(aclrtGetOverflowStatus(status, 64, nullptr));
  ACL_OK(aclrtSynchronizeStream(nullptr));
  uint64_t words[8] = {};
  ACL_OK(aclrtMemcpy(words, 64, status, 64, ACL_MEMCPY_DEVICE_TO_HOST));
  EXPECT_NE(words[0], 0u);
}

TEST_F(OpTest, TracesSayWhatRan) {
  aclFinalize();
  const std::string file = ::testing::TempDir() + "op_test_trace.json";
  setenv("ASCEND_EMU_TRACE", file.c_str(), 1);
  ACL_OK(aclInit(nullptr));
  unsetenv("ASCEND_EMU_TRACE");
  ACL_OK(aclrtSetDevice(0));
  Call call("Fill");
  ACL_OK(call.output(device_memory(16), {2, 2}).attr("value", 3).run());
  ACL_OK(aclrtSynchronizeStream(nullptr));
  ACL_OK(aclFinalize());
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_NE(text.str().find("\"outputs\": [\"DT_FLOAT ND [2, 2]\"]"), std::string::npos)
      << text.str();
  EXPECT_NE(text.str().find("\"attributes\": \"{value: 3}\""), std::string::npos);
  std::remove(file.c_str());
}

TEST_F(OpTest, CompileOptions) {
  char value[64];
  ACL_OK(aclGetCompileopt(ACL_OP_JIT_COMPILE, value, sizeof value));
  EXPECT_STREQ(value, "disable"); /* what the default processor comes with */
  ACL_OK(aclSetCompileopt(ACL_OP_JIT_COMPILE, "enable"));
  ACL_OK(aclGetCompileopt(ACL_OP_JIT_COMPILE, value, sizeof value));
  EXPECT_STREQ(value, "enable");
  ACL_OK(aclSetCompileopt(ACL_OP_JIT_COMPILE, "disable"));
  EXPECT_EQ(aclGetCompileoptSize(ACL_OP_JIT_COMPILE), sizeof "disable");
  ACL_OK(aclGetCompileopt(ACL_OP_JIT_COMPILE, value, sizeof value));
  EXPECT_STREQ(value, "disable");
  ACL_REFUSED(aclGetCompileopt(ACL_OP_JIT_COMPILE, value, 3), ACL_ERROR_INVALID_PARAM, "8 bytes");
  ACL_REFUSED(aclGetCompileopt(ACL_OP_JIT_COMPILE, nullptr, 9), ACL_ERROR_INVALID_PARAM, "null");
  ACL_REFUSED(aclSetCompileopt(ACL_OP_JIT_COMPILE, "maybe"), ACL_ERROR_INVALID_PARAM,
              "ACL_OP_JIT_COMPILE is \"maybe\"; allowed are: enable disable");
  ACL_REFUSED(aclSetCompileopt(ACL_PRECISION_MODE, "force_fp32 force_fp16"),
              ACL_ERROR_INVALID_PARAM, "must_keep_origin_dtype");
  ACL_OK(aclSetCompileopt(ACL_PRECISION_MODE, "must_keep_origin_dtype"));
  ACL_OK(aclSetCompileopt(ACL_PRECISION_MODE, ""));
  char mode[32] = "";
  ACL_OK(aclGetCompileopt(ACL_PRECISION_MODE, mode, sizeof mode));
  EXPECT_STREQ(mode, "allow_fp32_to_fp16");
  ACL_REFUSED(aclSetCompileopt(ACL_DEBUG_DIR, "/no/such/folder"), ACL_ERROR_INVALID_PARAM,
              "no such folder");
  ACL_OK(aclSetCompileopt(ACL_DEBUG_DIR, "/"));
  ACL_REFUSED(aclSetCompileopt(static_cast<aclCompileOpt>(17), "x"), ACL_ERROR_INVALID_PARAM,
              "17, which is no value of aclCompileOpt");
  ACL_REFUSED(aclSetCompileopt(ACL_AICORE_NUM, nullptr), ACL_ERROR_INVALID_PARAM, "is null");
  EXPECT_EQ(aclGetCompileoptSize(static_cast<aclCompileOpt>(-1)), 0u);
  for (int option = 0; option <= ACL_OP_DEBUG_OPTION; ++option) {
    EXPECT_GE(aclGetCompileoptSize(static_cast<aclCompileOpt>(option)), 1u) << option;
  }
  ACL_OK(aclopSetCompileFlag(ACL_OP_COMPILE_FUZZ));
  ACL_REFUSED(aclopSetCompileFlag(static_cast<aclOpCompileFlag>(2)), ACL_ERROR_INVALID_PARAM, "2");
}

TEST_F(OpTest, ModelsAndQueues) {
  ACL_OK(aclopSetModelDir("/"));
  ACL_REFUSED(aclopSetModelDir("/no/such/folder"), ACL_ERROR_INVALID_FILE, "/no/such/folder");
  ACL_REFUSED(aclopSetModelDir(nullptr), ACL_ERROR_INVALID_PARAM, "modelDir is null");
  ACL_OK(aclopSetMaxOpQueueNum(20000));
  ACL_REFUSED(aclopSetMaxOpQueueNum(0), ACL_ERROR_INVALID_MAX_OPQUEUE_NUM_CONFIG, "0");
}

TEST_F(OpTest, GraphDumpsAreRefusedLoudly) {
  aclGraphDumpOption *option = aclCreateGraphDumpOpt();
  ASSERT_NE(option, nullptr);
  ACL_REFUSED(aclGenGraphAndDumpForOp("Fill", 0, nullptr, nullptr, 0, nullptr, nullptr, nullptr,
                                      ACL_ENGINE_SYS, "/", option),
              ACL_ERROR_API_NOT_SUPPORT, "not supported by the emulator");
  ACL_REFUSED(aclGenGraphAndDumpForOp("Fill", 0, nullptr, nullptr, 0, nullptr, nullptr, nullptr,
                                      ACL_ENGINE_SYS, nullptr, option),
              ACL_ERROR_INVALID_PARAM, "graphDumpPath is null");
  ACL_OK(aclDestroyGraphDumpOpt(option));
  ACL_REFUSED(aclDestroyGraphDumpOpt(option), ACL_ERROR_INVALID_PARAM, "was destroyed");
}

TEST_F(OpTest, ManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      ASSERT_EQ(aclrtSetDevice(t % 2), ACL_SUCCESS);
      aclrtStream stream = new_stream();
      void *x = floats({0}), *one = floats({1});
      for (int i = 0; i < 300; ++i) {
        ASSERT_EQ(Call("Add").input(x, {1}).input(one, {1}).output(x, {1}).run(stream), 0);
      }
      ASSERT_EQ(aclrtSynchronizeStream(stream), ACL_SUCCESS);
      EXPECT_EQ(read(x, 1)[0], 300);
    });
  }
  for (std::thread &thread : threads) thread.join();
}

TEST(OpOutside, BeforeInitAndAfterFinalize) {
  Call call("Fill");
  ACL_REFUSED(call.run(), ACL_ERROR_UNINITIALIZE, "Op [Fill]: called");
  ACL_REFUSED(call.compile(), ACL_ERROR_UNINITIALIZE, "called");
  ACL_REFUSED(aclSetCompileopt(ACL_OP_JIT_COMPILE, "enable"), ACL_ERROR_UNINITIALIZE, "called");
}

namespace {

/* Runs one disabled test of this program in a process of its own; its output and exit code. */
std::string child(const std::string &settings, const std::string &test, int *code) {
  const std::string command = settings + " '" + testing::internal::GetArgvs()[0] +
                              "' --gtest_also_run_disabled_tests --gtest_filter=" + test + " 2>&1";
  FILE *output = popen(command.c_str(), "r");
  std::string text;
  char chunk[512];
  size_t got;
  while ((got = fread(chunk, 1, sizeof chunk, output)) > 0) text.append(chunk, got);
  *code = WEXITSTATUS(pclose(output));
  return text;
}

}  // namespace

/* In processes of their own: the log's settings and the library are taken once. */
TEST(OpProcess, DISABLED_RunsAFill) {
  ACL_OK(aclInit(nullptr));
  ACL_OK(aclrtSetDevice(0));
  void *y = nullptr;
  ACL_OK(aclrtMalloc(&y, 16, ACL_MEM_MALLOC_HUGE_FIRST));
  Call call("Fill");
  call.output(y, {2, 2}).attr("value", 3);
  aclSetTensorDescName(call.output_descs()[0], "y");
  ACL_OK(call.run());
  ACL_OK(aclrtSynchronizeStream(nullptr));
}

TEST(OpProcess, TheHostLogTellsEachOperator) {
  int code = 0;
  const std::string text =
      child("ASCEND_GLOBAL_LOG_LEVEL=1 ASCEND_SLOG_PRINT_TO_STDOUT=1 ASCEND_EMU_OPS='" FAKE_OPS "'",
            "OpProcess.DISABLED_RunsAFill", &code);
  ASSERT_EQ(code, 0) << text;
  /* Read as the published tool reads it: see log_text. */
  std::istringstream lines(text);
  std::string line, type, parameters;
  while (std::getline(lines, line)) {
    if (line.compare(0, 15, "[INFO] ASCENDCL") != 0) continue;
    if (line.find("aclopCompile::aclOp") == std::string::npos) continue;
    const size_t start = line.find("OpType: ") + 8;
    const std::string info = line.substr(start, line.size() - 1 - start);
    type = info.substr(0, info.find(','));
    parameters = info.substr(type.size() + 2);
  }
  EXPECT_EQ(type, "Fill") << text;
  EXPECT_EQ(parameters,
            "InputDesc: [], OutputDesc: [(Name: y, DataType: DT_FLOAT, Format: ND, "
            "Shape: [2, 2])], Attr: {value: 3}");
}

TEST(OpProcess, AMissingLibraryIsNamedWithARemedy) {
  int code = 0;
  const std::string text = child("ASCEND_EMU_OPS=/no/such/library.so",
                                 "OpProcess.DISABLED_RunsAFill", &code);
  EXPECT_NE(code, 0);
  EXPECT_NE(text.find("100025"), std::string::npos) << text;
  EXPECT_NE(text.find("/no/such/library.so"), std::string::npos) << text;
  EXPECT_NE(text.find("ASCEND_EMU_OPS"), std::string::npos);
}

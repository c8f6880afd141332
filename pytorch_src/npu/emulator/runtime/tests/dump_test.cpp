/* Dumps of operators: files that NumPy reads, signatures, settings that are refused. */
#include <cstring>

#include "core/json.h"
#include "core/refusal.h"
#include "files.h"
#include "op_fixture.h"

namespace {

class Dump : public OpTest {
 protected:
  std::string config(const std::string &members) {
    write_text(folder / "dump.json", "{\"dump\": {" + members + "}}");
    return folder / "dump.json";
  }
  std::string on(const std::string &mode) {
    return config("\"dump_path\": \"" + data.path() + "\", \"dump_list\": [], \"dump_mode\": \"" +
                  mode + "\", \"dump_op_switch\": \"on\"");
  }
  void add() {
    void *x = floats({1, 2, 3}), *y = device_memory(12);
    ACL_OK(Call("Add").input(x, {3}).input(x, {3}).output(y, {3}).run());
    ACL_OK(aclrtSynchronizeStream(nullptr));
  }
  void start(const std::string &file) {
    ACL_OK(aclmdlInitDump());
    ACL_OK(aclmdlSetDump(file.c_str()));
  }
  void TearDown() override {
    aclmdlFinalizeDump();
    OpTest::TearDown();
  }

  Folder folder, data;
};

/* The header's dictionary and the elements behind it. */
void expect_npy(const std::string &bytes, const std::string &type, const std::string &shape,
                const void *elements, size_t size) {
  ASSERT_GE(bytes.size(), 10u);
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const size_t length = static_cast<unsigned char>(bytes[8]) +
                        256u * static_cast<unsigned char>(bytes[9]);
  EXPECT_EQ((10 + length) % 64, 0u);
  const std::string dict = bytes.substr(10, length);
  EXPECT_EQ(dict.back(), '\n');
  EXPECT_EQ(dict.find("{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape +
                      "), }"),
            0u)
      << dict;
  ASSERT_EQ(bytes.size(), 10 + length + size);
  EXPECT_EQ(std::memcmp(bytes.data() + 10 + length, elements, size), 0);
}

TEST_F(Dump, OutputsOfEachOperator) {
  start(on("output"));
  add();
  add();
  const std::vector<std::string> files = files_below(data.path());
  ASSERT_EQ(files.size(), 2u);
  EXPECT_TRUE(matches(
      files[0], "[0-9]{14}/0/Add\\.Add\\.[0-9]+\\.[0-9]+\\.[0-9]+\\.output\\.0\\.npy"))
      << files[0];
  const float sum[] = {2, 4, 6};
  expect_npy(file_text(data / files[0]), "<f4", "3,", sum, sizeof sum);
}

TEST_F(Dump, InputsToo) {
  start(on("all"));
  add();
  std::vector<std::string> ends;
  for (const std::string &file : files_below(data.path())) {
    ends.push_back(file.substr(file.size() - 12));
  }
  std::sort(ends.begin(), ends.end());
  EXPECT_EQ(ends.size(), 3u);
  EXPECT_EQ(ends[0], ".input.0.npy");
  EXPECT_EQ(ends[1], ".input.1.npy");
  ACL_OK(aclmdlFinalizeDump());
  add();
  EXPECT_EQ(files_below(data.path()).size(), 3u);
}

TEST_F(Dump, OnlyWhenTheSwitchIsOn) {
  start(config("\"dump_path\": \"" + data.path() + "\", \"dump_list\": []"));
  add();
  EXPECT_EQ(files_below(data.path()).size(), 0u);
}

TEST_F(Dump, FromTheFileOfAclInit) {
  ACL_OK(aclFinalize());
  ACL_OK(aclInit(on("output").c_str()));
  ACL_OK(aclrtSetDevice(0));
  add();
  EXPECT_EQ(files_below(data.path()).size(), 1u);
  ACL_OK(aclFinalize());
  ACL_OK(aclInit(nullptr));
  ACL_OK(aclrtSetDevice(0));
  add();
  EXPECT_EQ(files_below(data.path()).size(), 1u);
}

TEST_F(Dump, States) {
  ACL_REFUSED(aclmdlSetDump(on("all").c_str()), ACL_ERROR_DUMP_NOT_RUN, "aclmdlInitDump");
  ACL_REFUSED(aclmdlFinalizeDump(), ACL_ERROR_DUMP_NOT_RUN, "aclmdlInitDump");
  ACL_OK(aclmdlInitDump());
  ACL_REFUSED(aclmdlInitDump(), ACL_ERROR_DUMP_ALREADY_RUN, "aclmdlFinalizeDump");
  ACL_OK(aclmdlSetDump(on("all").c_str()));
  ACL_OK(aclmdlSetDump(on("input").c_str()));
  ACL_OK(aclmdlFinalizeDump());
}

TEST_F(Dump, SettingsThatAreRefused) {
  const std::string path = "\"dump_path\": \"" + data.path() + "\"";
  ACL_OK(aclmdlInitDump());
  const auto refused = [&](const std::string &members, aclError code, const char *part) {
    ACL_REFUSED(aclmdlSetDump(config(members).c_str()), code, part);
  };
  refused("", ACL_ERROR_INVALID_DUMP_CONFIG, "\"dump_path\" is missing");
  refused("\"dump_path\": 3", ACL_ERROR_INVALID_DUMP_CONFIG, "\"dump_path\" must be a string");
  refused("\"dump_path\": \"/nowhere\"", ACL_ERROR_INVALID_DUMP_CONFIG, "/nowhere is not a folder");
  refused(path + ", \"dump_mode\": \"some\"", ACL_ERROR_INVALID_DUMP_CONFIG, "input, output, all");
  refused(path + ", \"dump_op_switch\": \"yes\"", ACL_ERROR_INVALID_DUMP_CONFIG, "on, off");
  refused(path + ", \"dump_list\": {}", ACL_ERROR_INVALID_DUMP_CONFIG, "must be a list");
  refused(path + ", \"dump_data\": \"stats\"", ACL_ERROR_API_NOT_SUPPORT, "stats");
  refused(path + ", \"dump_debug\": \"on\"", ACL_ERROR_API_NOT_SUPPORT, "dump_debug");
  ACL_REFUSED(aclmdlSetDump(nullptr), ACL_ERROR_INVALID_PARAM, "null");
  ACL_REFUSED(aclmdlSetDump("/nowhere.json"), ACL_ERROR_INVALID_FILE, "/nowhere.json");
  write_text(folder / "bad.json", "{\"dump\": ");
  ACL_REFUSED(aclmdlSetDump((folder / "bad.json").c_str()), ACL_ERROR_PARSE_FILE, "line 1");
  write_text(folder / "bad.json", "{}");
  ACL_REFUSED(aclmdlSetDump((folder / "bad.json").c_str()), ACL_ERROR_INVALID_DUMP_CONFIG,
              "no \"dump\"");
  write_text(folder / "bad.json", "{\"dump\": []}");
  ACL_REFUSED(aclmdlSetDump((folder / "bad.json").c_str()), ACL_ERROR_INVALID_DUMP_CONFIG,
              "must be an object");
}

TEST_F(Dump, AFolderThatVanishesDoesNotStopOperators) {
  start(on("output"));
  rmdir(data.path().c_str());
  write_text(data.path(), "a file now");
  add();
  unlink(data.path().c_str());
}

TEST_F(Dump, ArgumentsOnceForEachSignature) {
  const std::string to = folder / "args/deep";
  ACL_OK(aclopStartDumpArgs(ACL_OP_DUMP_OP_AICORE_ARGS, to.c_str()));
  ACL_REFUSED(aclopStartDumpArgs(ACL_OP_DUMP_OP_AICORE_ARGS, to.c_str()),
              ACL_ERROR_DUMP_ALREADY_RUN, to);
  add();
  add();
  void *x = floats({1}), *y = device_memory(4);
  ACL_OK(Call("Scale").input(x, {1}).output(y, {1}).attr("factor", 2.5f).run());
  ACL_OK(aclrtSynchronizeStream(nullptr));
  ACL_OK(aclopStopDumpArgs(ACL_OP_DUMP_OP_AICORE_ARGS));
  EXPECT_EQ(files_below(to), (std::vector<std::string>{"Add.1.json", "Scale.2.json"}));
  const ascend_emu::Json add_file = ascend_emu::read_json_file(to + "/Add.1.json");
  EXPECT_EQ(add_file.find("op")->string, "Add");
  EXPECT_EQ(add_file.find("inputs")->items.size(), 2u);
  EXPECT_EQ(add_file.find("inputs")->items[0].find("dtype")->string, "DT_FLOAT");
  EXPECT_EQ(add_file.find("outputs")->items[0].find("shape")->items[0].number, 3);
  const ascend_emu::Json scale = ascend_emu::read_json_file(to + "/Scale.2.json");
  EXPECT_EQ(scale.find("attributes")->find("factor")->number, 2.5);
  ACL_REFUSED(aclopStopDumpArgs(ACL_OP_DUMP_OP_AICORE_ARGS), ACL_ERROR_DUMP_NOT_RUN,
              "aclopStartDumpArgs");
}

TEST_F(Dump, ArgumentsWithBadParameters) {
  ACL_REFUSED(aclopStartDumpArgs(2, "x"), ACL_ERROR_INVALID_PARAM, "dumpType 2");
  ACL_REFUSED(aclopStartDumpArgs(1, nullptr), ACL_ERROR_INVALID_PARAM, "path");
  ACL_REFUSED(aclopStartDumpArgs(1, ""), ACL_ERROR_INVALID_PARAM, "empty");
  write_text(folder / "file", "");
  ACL_REFUSED(aclopStartDumpArgs(1, (folder / "file").c_str()), ACL_ERROR_INVALID_PARAM, "file");
}

}  // namespace

/* Host logs: where lines go, what they look like, that they stay whole. */
#include <fcntl.h>
#include <sys/wait.h>

#include <sstream>
#include <thread>

#include "acl_fixture.h"
#include "files.h"

namespace {

class Log : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("ASCEND_PROCESS_LOG_PATH", folder.path().c_str(), 1);
    unsetenv("ASCEND_SLOG_PRINT_TO_STDOUT");
  }
  void TearDown() override {
    unsetenv("ASCEND_PROCESS_LOG_PATH");
    unsetenv("ASCEND_SLOG_PRINT_TO_STDOUT");
    unsetenv("ASCEND_GLOBAL_LOG_LEVEL");
  }

  /* In a child of its own: settings are read once, and files belong to a process. */
  template <class Body>
  int in_child(Body &&body) {
    const pid_t child = fork();
    if (child == 0) {
      ACL_OK_OR_EXIT(aclInit(nullptr));
      body();
      ACL_OK_OR_EXIT(aclFinalize());
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
  }
  static void ACL_OK_OR_EXIT(aclError code) {
    if (code != ACL_SUCCESS) _exit(50);
  }

  std::string log_text() {
    std::string all;
    for (const std::string &name : files_below(folder.path())) all += file_text(folder / name);
    return all;
  }

  Folder folder;
};

void each_level() {
  aclAppLog(ACL_DEBUG, "work", "a/b/file.cpp", 7, "debug %d", 1);
  aclAppLog(ACL_INFO, "work", "a/b/file.cpp", 7, "info %s", "two");
  aclAppLog(ACL_WARNING, "work", "a/b/file.cpp", 7, "warning");
  aclAppLog(ACL_ERROR, "work", "a/b/file.cpp", 7, "error\nsecond line");
}

TEST_F(Log, LinesHaveTheDocumentedShape) {
  setenv("ASCEND_GLOBAL_LOG_LEVEL", "0", 1);
  ASSERT_EQ(in_child(each_level), 0);
  const std::vector<std::string> files = files_below(folder.path());
  ASSERT_EQ(files.size(), 1u);
  EXPECT_TRUE(matches(files[0], "debug/plog/plog-[0-9]+_[0-9]{17}\\.log")) << files[0];
  const std::string shape =
      "\\[(DEBUG|INFO|WARNING|ERROR)\\] [A-Z]+\\([0-9]+,log_test\\):"
      "[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}\\.[0-9]{3} "
      "\\[[a-z_]+\\.cpp:[0-9]+\\][0-9]+ .*";
  std::istringstream lines(log_text());
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(matches(line, shape)) << line;
  }
  EXPECT_GE(count, 4u);
  EXPECT_EQ(count_of(log_text(), "[file.cpp:7]"), 4u);
  EXPECT_NE(log_text().find("work: info two\n"), std::string::npos);
  EXPECT_NE(log_text().find("work: error second line\n"), std::string::npos);
}

TEST_F(Log, LevelsSelect) {
  const char *const levels[] = {"0", "1", "2", "3", "4"};
  for (int level = 0; level < 5; ++level) {
    Folder own;
    setenv("ASCEND_PROCESS_LOG_PATH", own.path().c_str(), 1);
    setenv("ASCEND_GLOBAL_LOG_LEVEL", levels[level], 1);
    ASSERT_EQ(in_child(each_level), 0);
    std::string all;
    for (const std::string &name : files_below(own.path())) all += file_text(own / name);
    EXPECT_EQ(count_of(all, "APP("), static_cast<size_t>(4 - level)) << levels[level];
  }
}

TEST_F(Log, NoFileIsMadeWhenThereIsNothingToSay) {
  setenv("ASCEND_GLOBAL_LOG_LEVEL", "3", 1);
  ASSERT_EQ(in_child([] {}), 0);
  EXPECT_EQ(files_below(folder.path()).size(), 0u);
  EXPECT_FALSE(is_folder(folder / "debug"));
}

TEST_F(Log, RefusalsAreLogged) {
  setenv("ASCEND_GLOBAL_LOG_LEVEL", "3", 1);
  ASSERT_EQ(in_child([] { aclrtSetDevice(77); }), 0);
  EXPECT_NE(log_text().find("aclrtSetDevice: device 77 does not exist"), std::string::npos);
}

TEST_F(Log, StandardOutputInsteadOfFiles) {
  setenv("ASCEND_GLOBAL_LOG_LEVEL", "2", 1);
  setenv("ASCEND_SLOG_PRINT_TO_STDOUT", "1", 1);
  const std::string output = folder / "stdout";
  ASSERT_EQ(in_child([&] {
              const int file = open(output.c_str(), O_WRONLY | O_CREAT, 0600);
              dup2(file, STDOUT_FILENO);
              each_level();
            }),
            0);
  EXPECT_EQ(files_below(folder.path()), std::vector<std::string>{"stdout"});
  EXPECT_EQ(count_of(file_text(output), "[WARNING] APP("), 1u);
  EXPECT_EQ(count_of(file_text(output), "[ERROR] APP("), 1u);
}

TEST_F(Log, AFolderThatCannotBeWrittenIsSaidOnce) {
  write_text(folder / "file", "");
  setenv("ASCEND_PROCESS_LOG_PATH", (folder / "file").c_str(), 1);
  setenv("ASCEND_GLOBAL_LOG_LEVEL", "3", 1);
  const std::string output = folder / "stderr";
  ASSERT_EQ(in_child([&] {
              const int file = open(output.c_str(), O_WRONLY | O_CREAT, 0600);
              dup2(file, STDERR_FILENO);
              each_level();
              each_level();
            }),
            0);
  EXPECT_EQ(count_of(file_text(output), "cannot be written (Not a directory)"), 1u);
  EXPECT_EQ(count_of(file_text(output), "\n"), 1u);
}

TEST_F(Log, LinesOfManyThreadsStayWhole) {
  setenv("ASCEND_GLOBAL_LOG_LEVEL", "1", 1);
  ASSERT_EQ(in_child([] {
              std::vector<std::thread> threads;
              for (int t = 0; t < 8; ++t) {
                threads.emplace_back([t] {
                  const std::string text(static_cast<size_t>(5000 + t), static_cast<char>('a' + t));
                  for (int i = 0; i < 50; ++i) {
                    aclAppLog(ACL_INFO, "work", "file.cpp", 1, "<%s>", text.c_str());
                  }
                });
              }
              for (std::thread &thread : threads) thread.join();
            }),
            0);
  std::istringstream lines(log_text());
  size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("APP(") == std::string::npos) continue;
    ++count;
    const size_t start = line.find('<');
    ASSERT_NE(start, std::string::npos);
    const char letter = line[start + 1];
    EXPECT_EQ(line.substr(start), "<" + std::string(static_cast<size_t>(5000 + letter - 'a'),
                                                    letter) + ">");
  }
  EXPECT_EQ(count, 400u);
}

TEST_F(Log, AForkedChildWritesItsOwnFile) {
  setenv("ASCEND_GLOBAL_LOG_LEVEL", "3", 1);
  ASSERT_EQ(in_child([] {
              aclAppLog(ACL_ERROR, "parent", "file.cpp", 1, "here");
              const pid_t child = fork();
              if (child == 0) {
                aclAppLog(ACL_ERROR, "child", "file.cpp", 1, "here");
                _exit(0);
              }
              waitpid(child, nullptr, 0);
            }),
            0);
  const std::vector<std::string> files = files_below(folder.path());
  ASSERT_EQ(files.size(), 2u);
  for (const std::string &name : files) {
    EXPECT_EQ(count_of(file_text(folder / name), "here"), 1u) << name;
  }
}

TEST_F(Log, OddArgumentsOfTheApplication) {
  setenv("ASCEND_GLOBAL_LOG_LEVEL", "0", 1);
  ASSERT_EQ(in_child([] {
              aclAppLog(ACL_ERROR, nullptr, nullptr, 0, "no names");
              aclAppLog(ACL_ERROR, "f", "f", 0, nullptr);
              aclAppLog(static_cast<aclLogLevel>(99), "f", "f", 0, "no such level");
              aclAppLog(static_cast<aclLogLevel>(-1), "f", "f", 0, "no such level");
            }),
            0);
  EXPECT_EQ(count_of(log_text(), "APP("), 1u);
}

}  // namespace

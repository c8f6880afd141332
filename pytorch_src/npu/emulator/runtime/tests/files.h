/* For tests of what the emulator writes: a folder of their own, and its files. */
#ifndef ASCENDTORCH_EMU_FILES_H_
#define ASCENDTORCH_EMU_FILES_H_

#include <gtest/gtest.h>
#include <dirent.h>
#include <regex.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

inline bool is_folder(const std::string &path) {
  struct stat found;
  return stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

/* Every file below a folder, as paths relative to it. */
inline std::vector<std::string> files_below(const std::string &folder,
                                            const std::string &prefix = "") {
  std::vector<std::string> found;
  DIR *opened = opendir(folder.c_str());
  if (opened == nullptr) return found;
  while (const dirent *entry = readdir(opened)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (is_folder(folder + "/" + name)) {
      for (const std::string &deeper : files_below(folder + "/" + name, prefix + name + "/")) {
        found.push_back(deeper);
      }
    } else {
      found.push_back(prefix + name);
    }
  }
  closedir(opened);
  std::sort(found.begin(), found.end());
  return found;
}

inline std::string file_text(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline void write_text(const std::string &path, const std::string &text) {
  std::ofstream(path, std::ios::binary) << text;
}

/* Whether the whole text matches an extended regular expression of POSIX. (GCC 12 warns about
   std::regex under the address sanitizer.) */
inline bool matches(const std::string &text, const std::string &expression) {
  regex_t compiled;
  EXPECT_EQ(regcomp(&compiled, ("^(" + expression + ")$").c_str(), REG_EXTENDED | REG_NOSUB), 0);
  const bool found = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  regfree(&compiled);
  return found;
}

inline size_t count_of(const std::string &text, const std::string &part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/* Removed with what is in it at the end. */
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/emuXXXXXX";
    EXPECT_NE(mkdtemp(name), nullptr);
    path_ = name;
  }
  ~Folder() { remove(path_); }
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;
  const std::string &path() const { return path_; }
  std::string operator/(const std::string &name) const { return path_ + "/" + name; }

 private:
  static void remove(const std::string &folder) {
    for (const std::string &name : files_below(folder)) unlink((folder + "/" + name).c_str());
    remove_folders(folder);
  }
  static void remove_folders(const std::string &folder) {
    DIR *opened = opendir(folder.c_str());
    if (opened == nullptr) return;
    while (const dirent *entry = readdir(opened)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") remove_folders(folder + "/" + name);
    }
    closedir(opened);
    rmdir(folder.c_str());
  }
  std::string path_;
};

#endif

#include "runtime/caching_allocator_config.h"

#include <c10/util/Exception.h>

#include <cstdlib>
#include <sstream>

#include "runtime/block_pool.h"

namespace npu {

namespace {

constexpr const char* kVariable = "PYTORCH_NPU_ALLOC_CONF";
constexpr const char* kKnown = "max_split_size_mb and garbage_collection_threshold";

std::string without_spaces(const std::string& text) {
  std::string kept;
  for (const char c : text) {
    if (c != ' ' && c != '\t') kept += c;
  }
  return kept;
}

size_t split_limit(const std::string& value) {
  const long least = static_cast<long>(kLargeSegment / kMebibyte);
  char* end = nullptr;
  const long number = std::strtol(value.c_str(), &end, 10);
  TORCH_CHECK_VALUE(!value.empty() && *end == '\0' && number > least &&
                        number < static_cast<long>(SIZE_MAX / kMebibyte),
                    kVariable, ": max_split_size_mb is a whole number above ", least, ", not \"",
                    value, "\"");
  return static_cast<size_t>(number) * kMebibyte;
}

double threshold(const std::string& value) {
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  TORCH_CHECK_VALUE(!value.empty() && *end == '\0' && number > 0 && number < 1, kVariable,
                    ": garbage_collection_threshold is a number between 0 and 1, not \"", value,
                    "\"");
  return number;
}

}  // namespace

AllocatorConfig parse_allocator_config(const std::string& text) {
  AllocatorConfig config;
  std::istringstream entries(without_spaces(text));
  std::string entry;
  while (std::getline(entries, entry, ',')) {
    if (entry.empty()) continue;
    const size_t colon = entry.find(':');
    TORCH_CHECK_VALUE(colon != std::string::npos, kVariable, ": \"", entry,
                      "\" is not name:value; known names are ", kKnown);
    const std::string name = entry.substr(0, colon);
    const std::string value = entry.substr(colon + 1);
    if (name == "max_split_size_mb") {
      config.max_split_bytes = split_limit(value);
    } else if (name == "garbage_collection_threshold") {
      config.garbage_collection_threshold = threshold(value);
    } else if (name == "expandable_segments") {
      TORCH_CHECK_VALUE(value == "False" || value == "false", kVariable,
                        ": expandable_segments is not supported on an NPU; remove it, and use "
                        "max_split_size_mb against fragmentation");
    } else {
      TORCH_CHECK_VALUE(false, kVariable, ": \"", name, "\" is not known; known names are ",
                        kKnown);
    }
  }
  return config;
}

const AllocatorConfig& allocator_config() {
  // When it throws, the next use reads again: nobody works with settings that were not understood.
  static const AllocatorConfig config = [] {
    const char* text = std::getenv(kVariable);
    return parse_allocator_config(text == nullptr ? "" : text);
  }();
  return config;
}

}  // namespace npu

#include "runtime/fallback.h"

#include <pybind11/stl.h>

#include "python/csrc/module.h"

namespace npu {

namespace {

const char* word_of(FallbackMode mode) {
  switch (mode) {
    case FallbackMode::kError: return "error";
    case FallbackMode::kSilent: return "silent";
    default: return "warn";
  }
}

FallbackMode mode_of(const std::string& word) {
  if (word == "warn") return FallbackMode::kWarn;
  if (word == "error") return FallbackMode::kError;
  if (word == "silent") return FallbackMode::kSilent;
  throw pybind11::value_error("the fallback mode is \"" + word +
                              "\"; it can be \"warn\", \"error\" or \"silent\"");
}

}  // namespace

void bind_fallback(pybind11::module& m) {
  m.def("get_fallback_mode", [] { return word_of(fallback_mode()); });
  m.def("set_fallback_mode", [](const std::string& word) { set_fallback_mode(mode_of(word)); });
  m.def("fallback_counts", &fallback_counts);
  m.def("reset_fallback_counts", &reset_fallback_counts);
}

}  // namespace npu

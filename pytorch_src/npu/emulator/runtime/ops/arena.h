/* Memory for the many small arrays of one operator call: usually one allocation for all. */
#ifndef ASCENDTORCH_EMU_ARENA_H_
#define ASCENDTORCH_EMU_ARENA_H_

#include <cstddef>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

namespace ascend_emu {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;

  /* `count` zeroed elements; NULL for 0. Never freed before the arena. */
  template <class T>
  T *array(size_t count) {
    static_assert(std::is_trivially_destructible<T>::value, "nothing here is destroyed");
    if (count == 0) return nullptr;
    void *room = take(count * sizeof(T));
    std::memset(room, 0, count * sizeof(T));
    return static_cast<T *>(room);
  }

  template <class T>
  const T *copy(const T *items, size_t count) {
    if (count == 0) return nullptr;
    void *room = take(count * sizeof(T));
    std::memcpy(room, items, count * sizeof(T));
    return static_cast<T *>(room);
  }

  const char *text(const char *words) { return copy(words, std::strlen(words) + 1); }

 private:
  static constexpr size_t kInline = 2560; /* three operands and a few attributes */
  static constexpr size_t kAlignment = alignof(std::max_align_t);

  void *take(size_t bytes) {
    const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    if (rounded <= kInline - used_) {
      void *room = inline_ + used_;
      used_ += rounded;
      return room;
    }
    /* new char[] is aligned for every type. */
    more_.emplace_back(new char[rounded]);
    return more_.back().get();
  }

  size_t used_ = 0;
  std::vector<std::unique_ptr<char[]>> more_;
  alignas(kAlignment) char inline_[kInline];
};

}  // namespace ascend_emu

#endif

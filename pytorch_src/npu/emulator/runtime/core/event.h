/* Events: marks in streams that other streams and the host can wait for and measure between. */
#ifndef ASCENDTORCH_EMU_EVENT_H_
#define ASCENDTORCH_EMU_EVENT_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

namespace ascend_emu {

class Stream;

/* One recording of an event. Recording anew makes a new one, so that whoever waits for the old
   one is not held up by the new one. */
class Recording {
 public:
  void reach();                        /* stamps the time; called by the stream's worker */
  bool reached() const;
  bool wait(int timeout_ms) const;     /* -1: no limit; false after the time */
  int64_t nanoseconds() const;         /* steady clock; 0 before it is reached */

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  int64_t nanoseconds_ = 0;
};

class Event {
 public:
  Event(uint32_t id, uint32_t flags) : id_(id), flags_(flags) {}
  uint32_t id() const { return id_; }
  uint32_t flags() const { return flags_; }

  void record(Stream &stream);
  void reset();                               /* as if it had never been recorded */
  std::shared_ptr<Recording> recording() const; /* null when never recorded */

 private:
  const uint32_t id_;
  const uint32_t flags_;
  mutable std::mutex mutex_;
  std::shared_ptr<Recording> recording_;
};

}  // namespace ascend_emu

#endif

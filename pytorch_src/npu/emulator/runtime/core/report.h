/* Callbacks that a stream hands to a thread of the caller: aclrtSubscribeReport and kin. */
#ifndef ASCENDTORCH_EMU_REPORT_H_
#define ASCENDTORCH_EMU_REPORT_H_

#include <cstdint>
#include <memory>

#include "acl/acl_rt.h"

namespace ascend_emu {

class Stream;

/* `thread` (a pthread_t) serves the stream's callbacks from now on.
   Refusal(ACL_ERROR_RT_STREAM_SUBSCRIBE) when a thread does so already. */
void subscribe_report(uint64_t thread, const std::shared_ptr<Stream> &stream);

/* Refusal(ACL_ERROR_RT_STREAM_SUBSCRIBE) when no thread serves the stream,
   ACL_ERROR_RT_THREAD_SUBSCRIBE when another one does. Drops what it has not served yet. */
void unsubscribe_report(uint64_t thread, Stream &stream);

/* Submit a callback to the stream. With `block` the stream goes on only after it has run, or when
   the stream ends. Refusal(ACL_ERROR_RT_STREAM_NO_CB_REG) when no thread serves the stream. */
void launch_report(const std::shared_ptr<Stream> &stream, aclrtCallback callback, void *data,
                   bool block);

/* Serve the calling thread's callbacks: wait up to `timeout_ms` (-1: no limit) for the first,
   then run all that are there. Refusal(ACL_ERROR_RT_THREAD_SUBSCRIBE) when it serves no stream,
   ACL_ERROR_RT_REPORT_TIMEOUT when none came. */
void process_reports(int32_t timeout_ms);

}  // namespace ascend_emu

#endif

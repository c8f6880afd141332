/* ASCEND_EMU_TRACE=file.json: what ran when, for each stream, as a Chrome trace. */
#ifndef ASCENDTORCH_EMU_TRACE_H_
#define ASCENDTORCH_EMU_TRACE_H_

#include <cstdint>
#include <string>

namespace ascend_emu {

/* True between start_trace and stop_trace. Cheap. */
bool trace_enabled();
void start_trace(const std::string &file); /* Refusal when the file cannot be written */
void stop_trace();                         /* ends the JSON; the file is then complete */

/* One complete event; times in nanoseconds of the steady clock. Process = device, thread =
   stream. `details`: JSON object members without braces, or "". */
void trace_span(const char *kind, const std::string &name, int device, int32_t stream,
                int64_t start_ns, int64_t end_ns, const std::string &details);

int64_t steady_nanoseconds();

}  // namespace ascend_emu

#endif

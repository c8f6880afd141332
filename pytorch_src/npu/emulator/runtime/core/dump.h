/* Dumps for finding wrong numbers: operators' data (aclmdlSetDump) and signatures
   (aclopStartDumpArgs). */
#ifndef ASCENDTORCH_EMU_DUMP_H_
#define ASCENDTORCH_EMU_DUMP_H_

#include <cstdint>
#include <string>

#include "emu_ops.h"

namespace ascend_emu {

class Json;

/* Whether dump_operator has anything to do. Cheap. */
bool dump_enabled();

/* After an operator has run, with its operands' bytes still readable: writes what the settings
   ask for. A file that cannot be written is logged; the operator does not fail for it. */
void dump_operator(const EmuCall &call, int device, int32_t stream);

/* aclmdlInitDump, aclmdlSetDump, aclmdlFinalizeDump. Refusal with ACL_ERROR_DUMP_ALREADY_RUN,
   ACL_ERROR_DUMP_NOT_RUN, ACL_ERROR_INVALID_FILE, ACL_ERROR_PARSE_FILE or
   ACL_ERROR_INVALID_DUMP_CONFIG. */
void init_dump();
void set_dump(const std::string &file);
void finalize_dump();

/* The "dump" member of a configuration; `where` names the file in messages. */
void configure_dump(const Json &dump, const std::string &where);

/* aclopStartDumpArgs: a JSON file in `folder` for each operator and signature not seen before. */
void start_args_dump(const std::string &folder);
void stop_args_dump();

/* aclFinalize ends them all. */
void stop_dumps();

}  // namespace ascend_emu

#endif

#include "init_config.h"

#include "dump.h"
#include "exception_info.h"
#include "json.h"
#include "log.h"
#include "profile.h"
#include "refusal.h"

namespace ascend_emu {

void apply_init_config(const char *file) {
  configure_log();
  if (file == nullptr || *file == '\0') return;
  const Json whole = read_json_file(file);
  if (whole.kind != Json::Kind::kObject) {
    refuse(ACL_ERROR_PARSE_FILE, "%s must hold a JSON object", file);
  }
  for (const JsonMember &member : whole.members) {
    if (member.name == "dump") {
      configure_dump(member.value, file);
    } else {
      EMU_LOG(LogLevel::kWarning, "ASCENDCL", "%s: \"%s\" has no effect on the emulator", file,
              member.name.c_str());
    }
  }
}

void end_services() {
  stop_dumps();
  end_profiles();
  set_exception_callback(nullptr);
}

}  // namespace ascend_emu

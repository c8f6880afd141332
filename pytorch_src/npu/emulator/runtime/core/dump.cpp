#include "dump.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>

#include "folders.h"
#include "json.h"
#include "log.h"
#include "npy.h"
#include "op_args.h"
#include "refusal.h"

namespace ascend_emu {

namespace {

struct DataDump {
  std::string folder; /* <dump_path>/<time> */
  bool inputs;
  bool outputs;
};

struct State {
  std::mutex mutex;
  bool initialised = false;
  std::shared_ptr<const DataDump> data; /* null: off */
  std::string args_folder;              /* "": off */
  std::set<std::string> args_seen;
  bool failed = false; /* said once that a file could not be written */
};

State &state() {
  static State *const only = new State; /* workers may still run after static destructors */
  return *only;
}

std::atomic<bool> enabled{false};
std::atomic<uint32_t> next_task{0};

/* With the mutex held. */
void update_enabled() { enabled = state().data != nullptr || !state().args_folder.empty(); }

void write_file(const std::string &folder, const std::string &name, const std::string &bytes) {
  const std::string path = folder + "/" + name;
  std::FILE *file = make_folders(folder) ? std::fopen(path.c_str(), "wbe") : nullptr;
  bool written = false;
  int error = errno;
  if (file != nullptr) {
    written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    if (std::fclose(file) != 0) written = false;
    if (!written) error = errno;
  }
  if (written) return;
  if (file != nullptr) unlink(path.c_str());
  std::lock_guard<std::mutex> lock(state().mutex);
  if (!state().failed) {
    EMU_LOG(LogLevel::kError, "DUMP", "%s cannot be written: %s; more such failures are not logged",
            path.c_str(), std::strerror(error));
  }
  state().failed = true;
}

/* An operator's type as part of a file name. */
std::string file_part(const char *op) {
  std::string part = op;
  for (char &c : part) {
    if (c == '/' || c == '\\' || c == '.' || c == ' ') c = '_';
  }
  return part;
}

const std::string *text_member(const Json &object, const char *name, const std::string &where) {
  const Json *member = object.find(name);
  if (member == nullptr) return nullptr;
  if (member->kind != Json::Kind::kString) {
    refuse(ACL_ERROR_INVALID_DUMP_CONFIG, "%s: \"%s\" must be a string", where.c_str(), name);
  }
  return &member->string;
}

/* The value of a member that has few; `fallback` when it is not there. */
std::string choice(const Json &object, const char *name, const std::string &fallback,
                   const std::vector<std::string> &allowed, const std::string &where) {
  const std::string *value = text_member(object, name, where);
  if (value == nullptr) return fallback;
  std::string names;
  for (const std::string &one : allowed) {
    if (*value == one) return one;
    names += (names.empty() ? "" : ", ") + one;
  }
  refuse(ACL_ERROR_INVALID_DUMP_CONFIG, "%s: \"%s\": \"%s\" is not one of %s", where.c_str(), name,
         value->c_str(), names.c_str());
}

/* What CANN knows and the emulator cannot do must not be taken for done. */
void refuse_unsupported(const Json &dump, const std::string &where) {
  for (const char *name : {"dump_debug", "dump_scene", "dump_stats"}) {
    const Json *member = dump.find(name);
    if (member == nullptr || member->string == "off") continue;
    refuse(ACL_ERROR_API_NOT_SUPPORT, "%s: \"%s\" is not supported by the emulator", where.c_str(),
           name);
  }
  const Json *list = dump.find("dump_list");
  if (list != nullptr && list->kind != Json::Kind::kArray) {
    refuse(ACL_ERROR_INVALID_DUMP_CONFIG, "%s: \"dump_list\" must be a list", where.c_str());
  }
  static const char *const kKnown[] = {"dump_list", "dump_path",  "dump_mode",  "dump_op_switch",
                                       "dump_data", "dump_level", "dump_step",  "dump_debug",
                                       "dump_scene", "dump_stats"};
  for (const JsonMember &member : dump.members) {
    bool known = false;
    for (const char *name : kKnown) known = known || member.name == name;
    if (!known) {
      EMU_LOG(LogLevel::kWarning, "DUMP", "%s: \"%s\" means nothing to the emulator", where.c_str(),
              member.name.c_str());
    }
  }
}

}  // namespace

bool dump_enabled() { return enabled.load(std::memory_order_relaxed); }

void dump_operator(const EmuCall &call, int device, int32_t stream) {
  std::shared_ptr<const DataDump> data;
  std::string args_folder, signature;
  size_t number = 0;
  {
    State &all = state();
    std::lock_guard<std::mutex> lock(all.mutex);
    data = all.data;
    if (!all.args_folder.empty()) {
      signature = op_signature(call);
      if (all.args_seen.insert(signature).second) args_folder = all.args_folder;
      number = all.args_seen.size();
    }
  }
  const std::string op = file_part(call.op);
  if (!args_folder.empty()) {
    write_file(args_folder, op + "." + std::to_string(number) + ".json", signature);
  }
  if (!data) return;
  const std::string folder = data->folder + "/" + std::to_string(device);
  const std::string name = format("%s.%s.%u.%d.%lld", op.c_str(), op.c_str(), ++next_task, stream,
                                  unix_microseconds());
  const auto write = [&](const char *kind, int32_t count, const EmuTensor *tensors) {
    for (int32_t i = 0; i < count; ++i) {
      if (tensors[i].absent != 0) continue;
      write_file(folder, format("%s.%s.%d.npy", name.c_str(), kind, i), npy_bytes(tensors[i]));
    }
  };
  if (data->inputs) write("input", call.num_inputs, call.inputs);
  if (data->outputs) write("output", call.num_outputs, call.outputs);
}

void init_dump() {
  std::lock_guard<std::mutex> lock(state().mutex);
  if (state().initialised) {
    refuse(ACL_ERROR_DUMP_ALREADY_RUN,
           "dumps are initialised already: aclmdlFinalizeDump ends them");
  }
  state().initialised = true;
}

void set_dump(const std::string &file) {
  {
    std::lock_guard<std::mutex> lock(state().mutex);
    if (!state().initialised) {
      refuse(ACL_ERROR_DUMP_NOT_RUN, "dumps are not initialised: aclmdlInitDump comes first");
    }
  }
  const Json whole = read_json_file(file);
  const Json *dump = whole.find("dump");
  if (dump == nullptr) {
    refuse(ACL_ERROR_INVALID_DUMP_CONFIG, "%s has no \"dump\"", file.c_str());
  }
  configure_dump(*dump, file);
}

void configure_dump(const Json &dump, const std::string &where) {
  if (dump.kind != Json::Kind::kObject) {
    refuse(ACL_ERROR_INVALID_DUMP_CONFIG, "%s: \"dump\" must be an object", where.c_str());
  }
  refuse_unsupported(dump, where);
  const bool on = choice(dump, "dump_op_switch", "off", {"on", "off"}, where) == "on";
  const std::string mode = choice(dump, "dump_mode", "output", {"input", "output", "all"}, where);
  if (choice(dump, "dump_data", "tensor", {"tensor", "stats"}, where) == "stats") {
    refuse(ACL_ERROR_API_NOT_SUPPORT,
           "%s: \"dump_data\": \"stats\" is not supported by the emulator", where.c_str());
  }
  const std::string *path = text_member(dump, "dump_path", where);
  if (path == nullptr || path->empty()) {
    refuse(ACL_ERROR_INVALID_DUMP_CONFIG, "%s: \"dump_path\" is missing", where.c_str());
  }
  struct stat found;
  if (stat(path->c_str(), &found) != 0 || !S_ISDIR(found.st_mode) ||
      access(path->c_str(), W_OK | X_OK) != 0) {
    refuse(ACL_ERROR_INVALID_DUMP_CONFIG,
           "%s: \"dump_path\": %s is not a folder that can be written: make it first",
           where.c_str(), path->c_str());
  }
  if (!on) {
    EMU_LOG(LogLevel::kWarning, "DUMP",
            "%s: \"dump_op_switch\" is off: nothing is dumped, there are no models here",
            where.c_str());
  }
  std::shared_ptr<DataDump> data;
  if (on) {
    data = std::make_shared<DataDump>(
        DataDump{*path + "/" + time_stamp(), mode != "output", mode != "input"});
  }
  std::lock_guard<std::mutex> lock(state().mutex);
  state().data = std::move(data);
  state().failed = false;
  update_enabled();
}

void finalize_dump() {
  std::lock_guard<std::mutex> lock(state().mutex);
  if (!state().initialised) {
    refuse(ACL_ERROR_DUMP_NOT_RUN, "dumps are not initialised: aclmdlInitDump comes first");
  }
  state().initialised = false;
  state().data.reset();
  update_enabled();
}

void start_args_dump(const std::string &folder) {
  if (!make_folders(folder) || access(folder.c_str(), W_OK | X_OK) != 0) {
    refuse(ACL_ERROR_INVALID_PARAM, "%s is not a folder that can be written: %s", folder.c_str(),
           std::strerror(errno));
  }
  std::lock_guard<std::mutex> lock(state().mutex);
  if (!state().args_folder.empty()) {
    refuse(ACL_ERROR_DUMP_ALREADY_RUN,
           "arguments are dumped to %s already: aclopStopDumpArgs first",
           state().args_folder.c_str());
  }
  state().args_folder = folder;
  state().failed = false;
  update_enabled();
}

void stop_args_dump() {
  std::lock_guard<std::mutex> lock(state().mutex);
  if (state().args_folder.empty()) {
    refuse(ACL_ERROR_DUMP_NOT_RUN, "no arguments are dumped: aclopStartDumpArgs comes first");
  }
  state().args_folder.clear();
  state().args_seen.clear();
  update_enabled();
}

void stop_dumps() {
  std::lock_guard<std::mutex> lock(state().mutex);
  state().initialised = false;
  state().data.reset();
  state().args_folder.clear();
  state().args_seen.clear();
  update_enabled();
}

}  // namespace ascend_emu

# Logs, traces, dumps, profiling, callbacks, capabilities, and what is not supported.
target_sources(ascendcl PRIVATE
  api/acl_callback.cpp
  api/acl_caps.cpp
  api/acl_dump.cpp
  api/acl_log.cpp
  api/acl_msprof.cpp
  api/acl_overflow.cpp
  api/acl_prof.cpp
  api/acl_unsupported.cpp
  api/acl_version.cpp
  api/hccl_config.cpp
  core/dump.cpp
  core/exception_info.cpp
  core/fault.cpp
  core/folders.cpp
  core/init_config.cpp
  core/json.cpp
  core/log.cpp
  core/npy.cpp
  core/op_args.cpp
  core/profile.cpp
  core/report.cpp
  core/soc.cpp
  core/trace.cpp
)

# Templates of the C++ library are visible whatever the flags say; programs made for CANN must not
# find them here.
target_link_options(ascendcl PRIVATE
  -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/exports.map)
set_target_properties(ascendcl PROPERTIES LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/exports.map)

# What the tests of logs, traces, dumps and callbacks need beyond the library.
target_sources(json_test PRIVATE ../core/json.cpp ../core/refusal.cpp)
target_sources(trace_test PRIVATE ../core/json.cpp ../core/refusal.cpp)
target_sources(prof_test PRIVATE ../core/json.cpp ../core/refusal.cpp)
target_sources(dump_test PRIVATE ../core/json.cpp ../core/refusal.cpp)
foreach(name dump prof trace)
  target_compile_definitions(${name}_test PRIVATE FAKE_OPS="$<TARGET_FILE:fake_ops>")
  add_dependencies(${name}_test fake_ops)
endforeach()

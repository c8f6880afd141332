# The operators behind the aclnn functions, where compat/opapi renders them.
if(TARGET aclnn_rendered)
  get_target_property(aclnn_ops aclnn_rendered OPERATORS)
  set_source_files_properties(${aclnn_ops} PROPERTIES GENERATED ON)
  target_sources(ascend_emu_ops PRIVATE ${aclnn_ops} aclnn_math.cpp aclnn_shapes.cpp)
  add_dependencies(ascend_emu_ops aclnn_rendered)
endif()

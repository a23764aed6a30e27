# vnpu_protobuf(TARGET FILE): the C++ of a .proto of the current folder, as "FILE.pb.h", in the target.
function(vnpu_protobuf target file)
  get_filename_component(name ${file} NAME_WE)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/protobuf)
  file(MAKE_DIRECTORY ${out})
  add_custom_command(
    OUTPUT ${out}/${name}.pb.cc ${out}/${name}.pb.h
    COMMAND protobuf::protoc --cpp_out=${out} -I ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${file}
    DEPENDS ${file}
    VERBATIM)
  set_source_files_properties(${out}/${name}.pb.cc PROPERTIES COMPILE_OPTIONS "-w")
  target_sources(${target} PRIVATE ${out}/${name}.pb.cc ${out}/${name}.pb.h)
  target_include_directories(${target} SYSTEM PUBLIC ${out})
endfunction()

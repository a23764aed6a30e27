# vnpu_embed(OUT HEADER NAMESPACE FOLDER): writes OUT, a source file that defines data_files() of HEADER with the text of
# all .toml files below FOLDER.
function(vnpu_embed out header namespace folder)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*.toml)
  list(SORT files)
  set(text "// Generated from ${header}'s folder of data; do not edit.\n#include \"${header}\"\n\nnamespace ${namespace} {\nnamespace {\nconstexpr DataFile files[] = {\n")
  foreach(file ${files})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/${file})
    file(READ ${folder}/${file} content)
    string(APPEND text "    {\"${file}\", R\"toml(${content})toml\"},\n")
  endforeach()
  string(APPEND text "};\n}  // namespace\n\nstd::span<const DataFile> data_files() { return files; }\n\n}  // namespace ${namespace}\n")
  file(CONFIGURE OUTPUT ${out} CONTENT "${text}" @ONLY)
endfunction()

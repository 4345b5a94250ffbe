# Writes a .cpp that carries every YAML file of a folder: cmake -DFOLDER=.. -DOUTPUT=.. -DFUNCTION=.. -P embed.cmake
file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*.yaml)
list(SORT files)
set(entries "")
foreach(file ${files})
  file(READ ${FOLDER}/${file} text)
  string(REGEX REPLACE "\\.yaml$" "" name ${file})
  # A raw string literal may hold 64 KiB at most with some compilers: cut into lines.
  string(REPLACE "\n" "\n)yaml\"\nR\"yaml(" text "${text}")
  string(APPEND entries "    {\"${name}\", R\"yaml(${text})yaml\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"config/shipped.hpp\"

namespace baselined::config {

const std::vector<ShippedFile>& ${FUNCTION}() {
    static const std::vector<ShippedFile> files{
${entries}    };
    return files;
}

}  // namespace baselined::config
")

# Writes a .cpp that holds a text file: cmake -DINPUT=.. -DOUTPUT=.. -DNAME=function -P embed.cmake
file(READ ${INPUT} text)
# A raw string literal may hold 64 KiB at most with some compilers: cut into lines.
string(REPLACE "\n" "\n)yaml\"\nR\"yaml(" text "${text}")
file(WRITE ${OUTPUT} "#include <string_view>\n\nnamespace baselined::config {\n\nstd::string_view ${NAME}();\nstd::string_view ${NAME}() {\n    return R\"yaml(${text})yaml\";\n}\n\n}  // namespace baselined::config\n")

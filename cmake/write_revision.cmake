# SPDX-License-Identifier: BSD-3-Clause
# cmake -D OUTPUT=FILE.cpp -P write_revision.cmake
# Writes a function that names the working copy's commit, "-dirty" where files differ from it; without git, the empty name. The
# file keeps its date when nothing changed, so that nothing is compiled again.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND git describe --always --dirty --abbrev=10 --exclude=*
                WORKING_DIRECTORY ${CMAKE_CURRENT_LIST_DIR}
                OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "const char* lmc_revision() { return \"@revision@\"; }\n" @ONLY)

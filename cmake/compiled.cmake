# SPDX-License-Identifier: BSD-3-Clause
# lmc::compiled: lmc::lmc whose big templates are compiled once, in the build of whoever links it and with the options of that build,
# and not at all where nobody does. A program that wants lmc::native, too, gives it to the library:
#   target_link_libraries(lmc_compiled PUBLIC lmc::native)
if(NOT TARGET lmc_compiled)
  get_filename_component(lmc_include_dir ${CMAKE_CURRENT_LIST_DIR}/${lmc_include_from_here} ABSOLUTE)
  set(lmc_compiled_sources convolutions local_layers products training transformers)  # no GLOB: a path may have brackets
  list(TRANSFORM lmc_compiled_sources REPLACE "(.+)" "${lmc_include_dir}/lmc/compiled/\\1.cpp")
  add_library(lmc_compiled STATIC EXCLUDE_FROM_ALL ${lmc_compiled_sources})
  add_library(lmc::compiled ALIAS lmc_compiled)
  target_link_libraries(lmc_compiled PUBLIC lmc::lmc)
  target_compile_definitions(lmc_compiled PUBLIC LMC_COMPILED)
endif()

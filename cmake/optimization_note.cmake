# SPDX-License-Identifier: BSD-3-Clause
# Tells a project that is compiled without optimization what that costs, once for each build type of a build tree.
get_property(lmc_many_build_types GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
string(TOUPPER "${CMAKE_BUILD_TYPE}" lmc_build_type)
if(NOT lmc_many_build_types AND NOT "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${lmc_build_type}} " MATCHES "-O([123sgz]|fast)? "
   AND NOT "x${lmc_build_type}" STREQUAL "${LMC_OPTIMIZATION_NOTE}")
  set(LMC_OPTIMIZATION_NOTE "x${lmc_build_type}" CACHE INTERNAL "The build type for which the note on optimization was given")
  message(NOTICE "lmc: CMAKE_BUILD_TYPE is '${CMAKE_BUILD_TYPE}', so that this project is compiled without optimization. Training is then "
                 "about 60 times slower: examples/quickstart.cpp takes 1.9 s instead of 0.03 s. "
                 "For speed: cmake -DCMAKE_BUILD_TYPE=Release")
endif()
unset(lmc_many_build_types)
unset(lmc_build_type)

# SPDX-License-Identifier: BSD-3-Clause
# For our own tests, examples and benchmarks; nothing of this reaches a consumer.

if((LMC_BUILD_TESTS OR LMC_BUILD_BENCHMARKS) AND NOT TARGET lmc_images)
  message(FATAL_ERROR "Tests and benchmarks need libjpeg and libpng (Debian: libjpeg62-turbo-dev libpng-dev)")
endif()
# The program `study` and its tests need these, too.
find_package(SQLite3 QUIET)
if(SQLite3_FOUND)  # SQLiteCpp's package file ends the configuration where it is missing
  find_package(SQLiteCpp QUIET)
endif()
find_package(tomlplusplus QUIET)
find_package(Threads QUIET)
if(TARGET lmc_images AND SQLiteCpp_FOUND AND tomlplusplus_FOUND AND Threads_FOUND)
  set(lmc_with_study ON)
else()
  set(lmc_with_study OFF)
  message(STATUS "The study and its tests are left out; they need SQLiteCpp and toml++ (Debian: libsqlitecpp-dev libtomlplusplus-dev)")
endif()

add_library(lmc_warnings INTERFACE)
target_compile_options(lmc_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Set off by GCC's own headers: AVX-512 (gcc.gnu.org/PR105593) and "text" + std::string (gcc.gnu.org/PR105651). clang looks for the
  # same mistakes.
  target_compile_options(lmc_warnings INTERFACE -Wno-maybe-uninitialized -Wno-uninitialized -Wno-restrict -Wno-array-bounds
                                                -Wno-stringop-overflow -Wno-stringop-overread)
endif()

add_library(lmc_dev INTERFACE)
target_link_libraries(lmc_dev INTERFACE lmc lmc_native lmc_warnings)

# Our programs and tests share it, with our options.
target_link_libraries(lmc_compiled PUBLIC lmc_dev)
if(PROJECT_IS_TOP_LEVEL)
  # Under sanitizers the tests of the programs take minutes less for the seconds that this takes.
  target_compile_options(lmc_compiled PRIVATE $<$<CONFIG:Debug>:-O1>)
endif()

if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(LMC_CCACHE ccache)
  if(LMC_CCACHE)
    # ccache cannot look into a precompiled header; without these two it leaves every file alone that uses one.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${LMC_CCACHE})
    target_compile_options(lmc_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  endif()
endif()

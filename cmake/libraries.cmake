# SPDX-License-Identifier: BSD-3-Clause
# lmc::lmc, and the libraries of optional dependencies.
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(xsimd REQUIRED)  # no version: its package file accepts a single major version
# For lmc::images alone, which is made where both are found.
find_package(JPEG QUIET)
find_package(PNG QUIET)

set(lmc_images_headers ${lmc_headers})
list(FILTER lmc_images_headers INCLUDE REGEX
     "/lmc/(io/(image|image_file|jpeg|png)|data/sources/(image_folder|tiny_imagenet|detail/(center_square|load_images)))\\.hpp$")
list(REMOVE_ITEM lmc_headers ${lmc_connectivity_headers} ${lmc_images_headers})

# Everything.
add_library(lmc INTERFACE)
add_library(lmc::lmc ALIAS lmc)
target_sources(lmc INTERFACE FILE_SET HEADERS BASE_DIRS include FILES ${lmc_headers})
target_link_libraries(lmc INTERFACE lmc_connectivity Eigen3::Eigen OpenMP::OpenMP_CXX ZLIB::ZLIB nlohmann_json::nlohmann_json)
# xsimd's target has no namespace, and that of Debian's 8.1 also links xtl, which lmc does not use: its include path alone.
get_target_property(xsimd_include_dirs xsimd INTERFACE_INCLUDE_DIRECTORIES)
target_include_directories(lmc SYSTEM INTERFACE $<BUILD_INTERFACE:${xsimd_include_dirs}>)  # lmcConfig.cmake adds it after an install

set(lmc_include_from_here ../include)
include(cmake/compiled.cmake)

# Data sets of image files: what needs libjpeg-turbo and libpng, and nobody else gets.
if(JPEG_FOUND AND PNG_FOUND)
  add_library(lmc_images INTERFACE)
  add_library(lmc::images ALIAS lmc_images)
  set_target_properties(lmc_images PROPERTIES EXPORT_NAME images)
  target_sources(lmc_images INTERFACE FILE_SET HEADERS BASE_DIRS include FILES ${lmc_images_headers})
  target_link_libraries(lmc_images INTERFACE lmc JPEG::JPEG PNG::PNG)
endif()

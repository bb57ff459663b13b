# SPDX-License-Identifier: BSD-3-Clause
# Install and export. An export set for each set of dependencies, so that lmc::connectivity is found on machines without those of
# lmc::lmc, and lmc::lmc without those of lmc::images.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(lmc_package_dir ${CMAKE_INSTALL_DATADIR}/cmake/lmc)

install(TARGETS lmc_connectivity lmc_native EXPORT lmcConnectivityTargets FILE_SET HEADERS)
install(EXPORT lmcConnectivityTargets NAMESPACE lmc:: DESTINATION ${lmc_package_dir})
if(TARGET lmc)
  install(TARGETS lmc EXPORT lmcTargets FILE_SET HEADERS)
  install(EXPORT lmcTargets NAMESPACE lmc:: DESTINATION ${lmc_package_dir})
  install(FILES cmake/compiled.cmake cmake/optimization_note.cmake DESTINATION ${lmc_package_dir})
  install(DIRECTORY include/lmc/compiled DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lmc FILES_MATCHING PATTERN *.cpp)
endif()
if(TARGET lmc_images)
  install(TARGETS lmc_images EXPORT lmcImagesTargets FILE_SET HEADERS)
  install(EXPORT lmcImagesTargets NAMESPACE lmc:: DESTINATION ${lmc_package_dir})
endif()

file(RELATIVE_PATH lmc_include_from_package /prefix/${lmc_package_dir} /prefix/${CMAKE_INSTALL_INCLUDEDIR})
configure_package_config_file(cmake/lmcConfig.cmake.in lmcConfig.cmake INSTALL_DESTINATION ${lmc_package_dir}
                              NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(lmcConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/lmcConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/lmcConfigVersion.cmake
        DESTINATION ${lmc_package_dir})

# For those who do not build with CMake. The prefix is found from where the file lies, so that a tree can be moved.
set(lmc_pkgconfig_dir ${CMAKE_INSTALL_DATADIR}/pkgconfig)
file(RELATIVE_PATH lmc_prefix_from_pkgconfig /prefix/${lmc_pkgconfig_dir} /prefix)
foreach(module lmc lmc-connectivity)
  if(module STREQUAL lmc-connectivity OR TARGET lmc)
    configure_file(cmake/${module}.pc.in ${module}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${module}.pc DESTINATION ${lmc_pkgconfig_dir})
  endif()
endforeach()

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# `cpack -G DEB` in a build folder makes a Debian package of what is installed, for all architectures.
if(PROJECT_IS_TOP_LEVEL AND TARGET lmc AND NOT LMC_BUILD_PYTHON)
  include(cmake/package.cmake)
endif()

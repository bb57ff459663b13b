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
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

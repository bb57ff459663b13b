# SPDX-License-Identifier: BSD-3-Clause
# The Debian package: headers, CMake's package files and those of pkg-config. Nothing in it depends on the architecture.
set(CPACK_PACKAGE_NAME lmc-dev)
set(CPACK_PACKAGE_CONTACT "the developers of lmc <lmc@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME lmc-dev_${PROJECT_VERSION}_all.deb)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libeigen3-dev (>= 3.4), libxsimd-dev (>= 8.1), nlohmann-json3-dev, zlib1g-dev")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake (>= 3.25), g++ (>= 12), libjpeg62-turbo-dev, libpng-dev, pkg-config")
include(CPack)

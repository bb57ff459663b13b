// SPDX-License-Identifier: BSD-3-Clause
#include <cstdlib>
#include <exception>
#include <iostream>

#include "parts.hpp"

int main() {
  try {
    use_alignment();
    use_barriers();
    use_connectivity();
    use_curvature();
    use_data();
#ifdef WITH_IMAGES
    use_images();
#endif
    use_kernels();
    use_layers();
    use_training();
    return EXIT_SUCCESS;
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return EXIT_FAILURE;
  }
}

// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/image_folder.hpp>
#include <lmc/data/sources/tiny_imagenet.hpp>

#include "parts.hpp"

void use_images() {
  instantiate(lmc::load_image_folder<float>, lmc::load_image_folder<double>, lmc::load_tiny_imagenet<float>,
              lmc::load_tiny_imagenet<double>);
}

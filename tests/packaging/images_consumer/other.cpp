// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/image_folder.hpp>
#include <lmc/data/sources/tiny_imagenet.hpp>
#include <lmc/io/image_file.hpp>

bool refuses(const char* directory) {
  try {
    lmc::load_image_folder<float>(directory);
    lmc::load_tiny_imagenet<double>(directory);
  } catch (const lmc::Error&) {
    return true;
  }
  return false;
}

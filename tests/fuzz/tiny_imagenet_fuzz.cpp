// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/tiny_imagenet.hpp>

#include <fstream>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Bytes bytes(data, size);
  const auto path = fuzz::in_memory_file(bytes, "tiny/val/val_annotations.txt");
  static const bool has_images [[maybe_unused]] = [&] {
    std::filesystem::create_directories(path.parent_path() / "images");
    for (const char* name : {"val_0.JPEG", "val_1.JPEG"}) std::ofstream(path.parent_path() / "images" / name).flush();
    return true;
  }();
  fuzz::accepts(fuzz::file_reader_limit(bytes), [&] {
    const auto labels = lmc::detail::read_wnids(path.string());
    fuzz::check(!labels.empty(), "there are classes");
  });
  const std::vector<std::string> wnids = {"n01443537", "n01629819"};
  fuzz::accepts(fuzz::file_reader_limit(bytes), [&] {
    const std::vector<lmc::detail::ImageFile> listed{{.path = "val/images/val_0.JPEG", .label = -1},
                                                     {.path = "val/images/val_1.JPEG", .label = -1}};
    const auto images = lmc::detail::list_annotated(path.parent_path().parent_path().string(), wnids, listed, "val/images");
    fuzz::check(images.size() == 2, "all images are annotated");
    for (const auto& image : images) fuzz::check(image.label == 0 || image.label == 1, "labels are those of wnids.txt");
  });
  return 0;
}

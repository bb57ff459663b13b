// SPDX-License-Identifier: BSD-3-Clause
// Lists in the options of the programs, as in --hidden 16,8, --kernel 3x5,3, --alphas 0,0.5,1, --augment crop=2,flip and --classes 3,cat.
#include <string>

#include <lmc/core/shape.hpp>

#include "fuzz/fuzz.hpp"
#include "pair/options.hpp"
#include "registry/datasets.hpp"
#include "registry/lists.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  // A hundred bytes for each of the text, an error that quotes it a few times, and the most α that there may be.
  const std::size_t limit = (std::size_t{32} << 20) + 128 * size;
  fuzz::accepts(limit, [&] {
    for (const double number : registry::parse_list("--steps", text)) fuzz::check(number == number, "numbers are numbers");
  });
  fuzz::accepts(limit, [&] {
    const auto sizes = registry::parse_sizes("--hidden", "units", text);
    for (const lmc::Index units : sizes) fuzz::check(units >= 1, "sizes are positive");
  });
  for (const lmc::Index least : {0, 1}) {
    fuzz::accepts(limit, [&] {
      const auto extents = registry::parse_extents("--kernel", text, least);
      fuzz::check(extents.size() == registry::split_list(text).size(), "each part is an extent");
      for (const lmc::Extent& e : extents) fuzz::check(e.rows >= least && e.cols >= least, "extents have at least that length");
    });
  }
  fuzz::accepts(limit, [&] {
    for (const lmc::PathWeights& at : parse_alphas(text).points())
      fuzz::check(at.alpha >= 0 && at.alpha <= 1, "α lies between 0 and 1");
  });
  fuzz::accepts(limit, [&] { parse_augmentation(text); });
  fuzz::accepts(limit, [&] {
    lmc::ReadReport report;
    for (const char* name : {"cat", "3", "a b"}) report.classes.push_back({.name = name});
    for (const lmc::Index position : registry::parse_classes(text, report))
      fuzz::check(position >= 0 && position < 3, "there is a class at each position");
  });
  return 0;
}

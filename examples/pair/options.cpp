// SPDX-License-Identifier: BSD-3-Clause
#include "pair/options.hpp"

#include <charconv>
#include <cmath>
#include <string_view>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>

#include "registry/lists.hpp"

namespace {

std::array<std::uint64_t, 2> parse_seeds(std::string_view option, const std::string& text) {
  std::array<std::uint64_t, 2> seeds{};
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, seeds[0]);
  const bool comma = first.ec == std::errc() && first.ptr != end && *first.ptr == ',';
  const auto second = comma ? std::from_chars(first.ptr + 1, end, seeds[1]) : first;
  lmc::require(comma && second.ec == std::errc() && second.ptr == end, option, " ", text,
               "; expected two whole numbers with a comma between, as in 1,2");
  return seeds;
}

}  // namespace

std::array<lmc::NoiseSeeds, 2> noise_seeds(const Options& o) {
  const auto [first, second] = parse_seeds("--noise-seeds", o.noise_seeds);
  const lmc::PairNoise noise = lmc::parse_pair_noise(o.noise);
  lmc::require(noise == lmc::PairNoise::order || !o.augment.empty(), "--noise ", o.noise,
               ": the runs cannot differ in an augmentation that there is none of; add --augment, as in --augment crop=4,flip");
  auto seeds = lmc::pair_seeds(noise, first, second);
  if (o.label_noise_seeds) {
    lmc::require(o.label_noise > 0, "--label-noise-seeds ", *o.label_noise_seeds,
                 ": there is no label noise; add --label-noise");
    const auto of_labels = parse_seeds("--label-noise-seeds", *o.label_noise_seeds);
    for (const std::size_t i : {0U, 1U}) seeds[i].label_noise = of_labels[i];
  }
  return seeds;
}

lmc::AugmentationOptions parse_augmentation(const std::string& text) {
  lmc::AugmentationOptions options;
  constexpr std::array<std::string_view, 4> names{"crop", "flip", "translation", "noise"};
  for (const std::string& part : registry::split_list(text)) {
    const std::size_t equals = part.find('=');
    const std::size_t which = lmc::find_name("augmentation", part.substr(0, equals), names);
    lmc::require((which == 1) == (equals == std::string::npos), "--augment ", text, ": '", part, "'; expected ",
                 which == 1 ? "flip, without a number" : lmc::concat(names.at(which), "= and a number"));
    if (which == 1) {
      options.flip = true;
      continue;
    }
    const std::vector<double> numbers = registry::parse_list("--augment", part.substr(equals + 1));
    lmc::require(numbers.size() == 1, "--augment ", text, ": '", part, "'; expected a number");
    if (which == 0) {
      lmc::require(numbers[0] == std::floor(numbers[0]) && std::abs(numbers[0]) < 1e6, "--augment ", text, ": '", part,
                   "'; expected a whole number of pixels");
      options.crop_padding = static_cast<Index>(numbers[0]);
    }
    if (which == 2) options.translation = numbers[0];
    if (which == 3) options.noise = numbers[0];
  }
  return options;
}

lmc::AlphaGrid parse_alphas(const std::string& text) {
  const std::vector<double> numbers = registry::parse_list("--alphas", text);
  if (numbers.size() != 1) return numbers;
  lmc::require(numbers[0] == std::floor(numbers[0]) && numbers[0] <= 1e6, "--alphas ", text,
               "; expected a number of steps, or a list of α from 0 to 1");
  return static_cast<Index>(numbers[0]);
}

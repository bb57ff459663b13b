// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <utility>

#include <lmc/core/detail/supported_machine.hpp>

namespace lmc {

/// What a random number is for. One source of noise varies while the others stand still.
enum class Purpose : std::uint8_t {
  initialization = 0,
  order = 1,
  split = 2,
  synthetic_data = 3,
  bootstrap = 4,
  layer_noise = 5,  // dropout
  mask = 6,         // the mask of a sparse layer
  block_path = 7,   // the progress of blocks along a path
  subset = 8,       // which examples of a data set
  label_noise = 9,
  augmentation = 10,
  text = 13,            // words chosen from lists, and samples of them
  model_label = 14,     // labels drawn from a network's own probabilities
  input_noise = 15,     // on the inputs that a network is tested with
  intervention = 16,    // what a hook of your own changes in a step
  folds = 17,           // which part of the examples chooses a place on a path, and which is measured there
  sign_flips = 18,      // which of paired differences change their signs in a permutation test
  layer_order = 19,     // in which order layers are moved along a path
  unit_order = 20,      // in which order searches visit groups of units, and the orders of units that they start from
  model_order = 22,     // in which order several networks are aligned
  plane = 23,           // random directions that span a plane
  path_place = 24,      // where on a path, a star or a simplex an update of its training looks
  curvature = 25,       // vectors from which the spectrum of a Hessian is estimated
  simplex = 26,         // where a simplex is measured
  settings = 27,        // which of several settings a pair of a study takes
  perturbation = 28,    // a direction in which a network is moved between two updates
  calibration = 29,     // which examples make a batch that running statistics are estimated from
  merged_classes = 30,  // which classes of a data set become one
};

/// The address of a sequence of random numbers. A draw is a function of (stream, index) and of nothing else: the same on any
/// thread, in any order, after any restart.
struct Stream {
  std::uint64_t seed = 0;                     // chosen by the user
  Purpose purpose = Purpose::initialization;  // what the numbers are for: streams of one seed do not meet
  std::uint32_t epoch = 0;                    // for noise that is drawn anew in each epoch
  std::uint32_t part = 0;                     // which layer, class, …; below 2²⁴
};

/// Philox 4×32-10: a bijection of the 128-bit counter for every 64-bit key.
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011; checked against the known-answer
/// vectors of Random123.
inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
               static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// 128 random bits at (stream, index).
inline std::array<std::uint32_t, 4> random_bits(const Stream& stream, std::uint64_t index) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  return philox({low(index), low(index >> 32), stream.epoch, static_cast<std::uint32_t>(stream.purpose) << 24 | stream.part},
                {low(stream.seed), low(stream.seed >> 32)});
}

namespace detail {
/// 53 bits of two words as a multiple of 2⁻⁵³ in [0, 1).
inline double unit_interval(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}
}  // namespace detail

/// Uniform on [0, 1), 53 bits.
inline double uniform(const Stream& stream, std::uint64_t index) {
  const auto bits = random_bits(stream, index);
  return detail::unit_interval(bits[0], bits[1]);
}

/// Standard normal, by Box and Muller's cosine branch.
inline double normal(const Stream& stream, std::uint64_t index) {
  const auto bits = random_bits(stream, index);
  const double radius = std::sqrt(-2.0 * std::log1p(-detail::unit_interval(bits[0], bits[1])));
  return radius * std::cos(2.0 * std::numbers::pi * detail::unit_interval(bits[2], bits[3]));
}

/// Uniform on {0, …, n − 1}, n in [1, 2³²]: the high half of a 64-bit random number times n; off uniform by less than n/2⁶⁴.
inline std::uint64_t uniform_below(const Stream& stream, std::uint64_t index, std::uint64_t n) {
  const auto bits = random_bits(stream, index);
  return ((bits[1] * n >> 32) + bits[0] * n) >> 32;
}

/// Fisher and Yates' shuffle: every order is equally likely.
template <class T>
void shuffle(const Stream& stream, std::span<T> values) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[uniform_below(stream, i, i)]);
}

}  // namespace lmc

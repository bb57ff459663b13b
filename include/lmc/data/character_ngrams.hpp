// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/hash.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/utf8.hpp>

namespace lmc {

/// A text as counts of its words' n-grams, hashed into buckets.
struct NgramOptions {
  Index smallest = 1;      // code points of an n-gram, at least 1
  Index largest = 3;       // at least smallest
  Index dimension = 1024;  // buckets that n-grams are counted in, at most 2²⁴
};

namespace detail {

/// Calls f with one word after the other: the longest stretches without ASCII white space.
template <class F>
void for_each_word(std::string_view text, F f) {
  constexpr std::string_view space = " \t\n\v\f\r";
  while (true) {
    const std::size_t begin = text.find_first_not_of(space);
    if (begin == std::string_view::npos) return;
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(space));
    f(word);
    text.remove_prefix(word.size());
  }
}

inline void require_valid(const NgramOptions& o) {
  constexpr Index most = Index{1} << 24;
  require(o.smallest >= 1 && o.largest >= o.smallest, "character n-grams: smallest = ", o.smallest, ", largest = ", o.largest,
          "; expected 1 ≤ smallest ≤ largest");
  require(o.dimension >= 1 && o.dimension <= most, "character n-grams: dimension = ", o.dimension, "; expected 1 to ", most);
}

}  // namespace detail

/// The bucket of an n-gram, given as UTF-8: mix(fnv1a(bytes)) mod dimension. Two n-grams in one bucket are counted as one.
inline Index ngram_bucket(std::string_view ngram, Index dimension) {
  return static_cast<Index>(mix(fnv1a(std::as_bytes(std::span(ngram)))) % static_cast<std::uint64_t>(dimension));
}

/// The bag of a text's character n-grams: adds 1 to counts[ngram_bucket(g)] for every n-gram g of smallest to largest code
/// points, up to 255. As in fastText, a text is cut into words at ASCII white space, each word gets "<" before and ">" behind
/// it, no n-gram goes across words, and a boundary alone is none: "ab" has a, b, <a, ab, b>, <ab, ab>.
/// text is UTF-8; counts [dimension]; both asserted. Throws: Error on options out of range.
/// Source: arXiv:1607.04606, section 3.2; the hash is another.
inline void count_ngrams(std::string_view text, const NgramOptions& o, std::span<std::uint8_t> counts) {
  detail::require_valid(o);
  assert(!invalid_utf8(text) && static_cast<Index>(counts.size()) == o.dimension);
  std::string padded;
  detail::for_each_word(text, [&](std::string_view word) {
    padded.assign("<").append(word).append(">");
    for (std::string_view rest = padded; !rest.empty(); rest.remove_prefix(first_code_point(rest)->bytes)) {
      std::size_t bytes = 0;
      for (Index n = 1; n <= o.largest && bytes < rest.size(); ++n) {
        bytes += first_code_point(rest.substr(bytes))->bytes;
        const bool boundary = n == 1 && (rest.size() == padded.size() || rest.size() == 1);
        if (n < o.smallest || boundary) continue;
        std::uint8_t& count = counts[static_cast<std::size_t>(ngram_bucket(rest.substr(0, bytes), o.dimension))];
        if (count < 255) ++count;
      }
    }
  });
}

}  // namespace lmc

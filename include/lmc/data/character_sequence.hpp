// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/utf8.hpp>

namespace lmc {

/// A text as a sequence of one-hot characters, [length, channels].
struct SequenceOptions {
  Index length = 32;    // code points of a text that are kept, 1 to 4096
  Index alphabet = 64;  // channels at most, 2 to 4096; the last is that of all other code points
};

namespace detail {
inline void require_valid(const SequenceOptions& o) {
  constexpr Index most = Index{1} << 12;
  require(o.length >= 1 && o.length <= most, "character sequence: length = ", o.length, "; expected 1 to ", most);
  require(o.alphabet >= 2 && o.alphabet <= most, "character sequence: alphabet = ", o.alphabet, "; expected 2 to ", most,
          ", one of which is for other characters");
}
}  // namespace detail

/// The code points that have a channel of their own: the most frequent of the texts it is made of, by falling frequency, those
/// of one frequency by value. All others share one channel, the last.
class Alphabet {
 public:
  /// The alphabet of texts in UTF-8, with at most so many channels, at least 2; both are asserted.
  Alphabet(std::span<const std::string_view> texts, Index channels) {
    assert(channels >= 2);
    std::map<char32_t, std::int64_t> counts;
    for (const std::string_view text : texts) {
      assert(!invalid_utf8(text));
      for_each_code_point(text, [&](char32_t c) { ++counts[c]; });
    }
    std::vector<std::pair<char32_t, std::int64_t>> order(counts.begin(), counts.end());
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    order.resize(std::min(order.size(), static_cast<std::size_t>(channels - 1)));
    for (const auto& [c, count] : order) {
      channel_.emplace(c, static_cast<Index>(code_points_.size()));
      code_points_ += c;
    }
  }

  /// Code point i has channel i.
  [[nodiscard]] const std::u32string& code_points() const { return code_points_; }
  /// Number of channels: one for each code point of its own, and one for all others.
  [[nodiscard]] Index channels() const { return static_cast<Index>(code_points_.size()) + 1; }
  /// The channel of a code point; the last for one that has none of its own.
  [[nodiscard]] Index channel(char32_t c) const {
    const auto found = channel_.find(c);
    return found == channel_.end() ? channels() - 1 : found->second;
  }

 private:
  std::u32string code_points_;
  std::unordered_map<char32_t, Index> channel_;
};

/// A text as an image of one column, whose pixels are its characters: y[t, 0, c] = 1 where the code point at position t has
/// channel c, and 0 elsewhere. A longer text is cut; positions behind a shorter one are 0 in all channels.
/// text is UTF-8; y [length, 1, alphabet.channels()] is overwritten; both asserted.
inline void one_hot_characters(std::string_view text, const Alphabet& alphabet, std::span<std::uint8_t> y) {
  const auto channels = static_cast<std::size_t>(alphabet.channels());
  assert(!invalid_utf8(text) && y.size() % channels == 0);
  std::fill(y.begin(), y.end(), std::uint8_t{0});
  for (std::size_t t = 0; t < y.size() && !text.empty(); t += channels) {
    const CodePoint c = *first_code_point(text);
    y[t + static_cast<std::size_t>(alphabet.channel(c.value))] = 1;
    text.remove_prefix(c.bytes);
  }
}

}  // namespace lmc

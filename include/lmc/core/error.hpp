// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>

namespace lmc {

/// What a caller can get wrong: options, shapes, files. The text names what was given, what was expected and the way out.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return std::move(text).str();
}
}  // namespace detail

/// Throws Error with the concatenated parts unless ok; the text is built on failure only.
template <class... Parts>
void require(bool ok, const Parts&... parts) {
  if (!ok) throw Error(detail::concat(parts...));
}

}  // namespace lmc

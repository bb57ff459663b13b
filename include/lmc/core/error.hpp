// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <initializer_list>
#include <stdexcept>

#include <lmc/core/text.hpp>

namespace lmc {

/// What a caller can get wrong: options, shapes, files. The text names what was given, what was expected and the way out.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

[[noreturn, gnu::noinline, gnu::cold]] inline void fail(std::initializer_list<TextPart> parts) { throw Error(joined(parts)); }

}  // namespace detail

/// Throws Error with the concatenated parts unless ok; the text is built on failure only.
template <class... Parts>
void require(bool ok, const Parts&... parts) {
  if (!ok) detail::fail({detail::TextPart(parts)...});
}

}  // namespace lmc

// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string_view>

namespace lmc {

/// The version of this library; CMakeLists.txt reads it here.
inline constexpr std::string_view version = "0.1.0";

}  // namespace lmc

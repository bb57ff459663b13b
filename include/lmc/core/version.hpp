// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string_view>

/// Linear mode connectivity: data, networks, training, and the paths between two networks. What is in a nested namespace `detail` may
/// change at any time.
namespace lmc {

/// The version of this library; CMakeLists.txt reads it here.
inline constexpr std::string_view version = "0.1.0";

}  // namespace lmc

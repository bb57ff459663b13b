// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <stdexcept>

// Each uses the templates of some folders, for float and for double, and throws where the result is wrong.
void use_connectivity();
void use_data();
void use_images();
void use_layers();
void use_training();

inline void check(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

/// Instantiates the functions that are handed in.
template <class... Functions>
void instantiate(Functions*... functions) {
  check(((functions != nullptr) && ...), "a function without an address");
}

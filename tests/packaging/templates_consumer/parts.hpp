// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <stdexcept>

// Each uses the templates of some folders, for float, for double or for both, and throws where the result is wrong.
void use_alignment();
void use_barriers();
void use_connectivity();
void use_curvature();
void use_data();
void use_images();
void use_kernels();
void use_layers();
void use_training();

inline void check(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

/// Calls use(float()) and use(double()), or one of them.
template <class Use>
void for_each_scalar(Use use) {
#ifndef ONLY_DOUBLE
  use(float());
#endif
#ifndef ONLY_FLOAT
  use(double());
#endif
}

/// Instantiates the functions that are handed in.
template <class... Functions>
void instantiate(Functions*... functions) {
  check(((functions != nullptr) && ...), "a function without an address");
}

// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <optional>
#include <string>

#include <lmc/core/shape.hpp>

/// What is known of a file of NumPy besides its shape.
struct ArrayClaims {
  std::string kind;                       // wrong, loss or logits
  std::size_t alphas = 0;                 // that were given; 0: none
  std::optional<lmc::Index> labels = {};  // that were given
};

/// Throws: Error unless the shape has two or three axes, and an entry.
void require_axes(const lmc::Shape& shape);

/// Throws: Error unless such a shape is [α, examples], or [α, examples, classes] for logits, with at least two α. The message has
/// the call of NumPy that makes it so, where the numbers of labels or of α tell the axes.
void require_shape(const lmc::Shape& shape, const ArrayClaims& claims);

/// Which order of axes was taken, where another one has the same shape; "" where there is none.
std::string note_on_axes(const lmc::Shape& shape);

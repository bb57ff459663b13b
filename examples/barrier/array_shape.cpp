// SPDX-License-Identifier: BSD-3-Clause
#include "barrier/array_shape.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include <lmc/core/error.hpp>

using lmc::concat;
using lmc::Index;
using lmc::require;

namespace {

constexpr const char* one_logit = "one logit z of two classes is given as numpy.stack([0*z, z], axis=-1)";

// Throws: Error where the labels tell that another axis than the second is that of examples.
void require_order_of_axes(const lmc::Shape& shape, const ArrayClaims& claims) {
  if (!claims.labels || shape[1] == *claims.labels) return;
  const bool first = shape[0] == *claims.labels, last = shape[2] == *claims.labels;
  if (first == last) return;
  const Index examples = first ? 0 : 2;
  Index alphas = first ? 1 : 0, classes = first ? 2 : 1;
  const auto steps = static_cast<Index>(claims.alphas);
  if (steps == shape[classes] && steps != shape[alphas]) std::swap(alphas, classes);
  std::array<const char*, 3> names{};
  names[static_cast<std::size_t>(alphas)] = "α";
  names[static_cast<std::size_t>(examples)] = "examples";
  names[static_cast<std::size_t>(classes)] = "classes";
  throw lmc::Error(concat("it has the shape ", shape, ", and there are ", *claims.labels, " labels, as if it were [", names[0],
                          ", ", names[1], ", ", names[2], "]; expected [α, examples, classes]: numpy.transpose(x, (", alphas,
                          ", ", examples, ", ", classes, "))"));
}

}  // namespace

void require_axes(const lmc::Shape& shape) {
  require(shape.rank() == 2 || shape.rank() == 3, "it has the shape ", shape,
          "; expected [α, examples] of outcomes or losses, or [α, examples, classes] of logits");
  require(shape.size() > 0, "it has the shape ", shape, ", and no value; expected at least 2 α and one example");
}

void require_shape(const lmc::Shape& shape, const ArrayClaims& claims) {
  const Index rank = shape.rank();
  const bool logits = claims.kind == "logits";
  if (rank == 3 && shape[2] == 1)
    throw lmc::Error(concat("it has the shape ", shape, ", and its last axis the length 1; expected ",
                            logits && claims.labels
                                ? concat("[α, examples, classes] of logits: ", one_logit, ", where z is x[..., 0]")
                                : std::string("[α, examples] of outcomes or losses: squeeze it, x.squeeze(-1)")));
  require(logits == (rank == 3), "it has the shape ", shape, ", and holds ", claims.kind, "; expected ",
          logits ? concat("[α, examples, classes]; ", one_logit) : std::string("[α, examples]"));
  if (logits) require_order_of_axes(shape, claims);
  const Index steps = shape[0], examples = shape[1];
  require(steps >= 2, "it has ", steps, " α; expected at least 2, since a barrier is measured from both ends: [α, examples]");
  require(claims.alphas != 0 || steps <= examples, "it has ", steps, " α and only ", examples,
          " examples, as if its axes were swapped; expected [α, examples]: transpose it, or give the α by --alphas");
  require(logits || !claims.labels, "it holds ", claims.kind == "loss" ? "losses" : "outcomes",
          ", and --labels are for logits; leave them out",
          claims.kind == "loss" ? concat(". If they are logits: ", one_logit) : std::string());
}

std::string note_on_axes(const lmc::Shape& shape) {
  constexpr std::array<const char*, 3> names{"α", "examples", "classes"};
  const auto rank = static_cast<std::size_t>(shape.rank());
  std::string equal;
  for (std::size_t i = 0; i < rank; ++i)
    for (std::size_t k = i + 1; k < rank; ++k)
      if (shape[static_cast<Index>(i)] == shape[static_cast<Index>(k)])
        equal += concat(equal.empty() ? "as many " : ", as many ", names.at(i), " as ", names.at(k));
  if (equal.empty()) return {};
  return concat("its shape ", shape, " was read as [α, examples", rank == 3 ? ", classes" : "", "], and has ", equal,
                ": if the axes are in another order, transpose it");
}

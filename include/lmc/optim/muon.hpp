// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/optim/adam.hpp>
#include <lmc/optim/orthogonalize.hpp>
#include <lmc/optim/update_range.hpp>
#include <lmc/simd/adam.hpp>
#include <lmc/simd/sgd.hpp>
#include <lmc/simd/sign.hpp>

namespace lmc {

/// Muon: orthogonalized momentum for matrices, AdamW for all other parameters.
struct MuonOptions {
  double learning_rate = 0.02;       // of the matrices, at least 0
  double momentum = 0.95;            // μ, share of the running mean of the gradients that is kept, in [0, 1)
  bool nesterov = true;              // orthogonalize the mean after the next gradient instead
  int iterations = 5;                // Newton–Schulz, 1 to 100
  double weight_decay = 0.0;         // λ, decoupled from the gradient, of matrices and the rest; at least 0
  double adam_learning_rate = 3e-4;  // of the rest, at least 0
  double beta1 = 0.9;                // of the rest: decay of the mean of g, in [0, 1)
  double beta2 = 0.95;               // of the rest: decay of the mean of g², in [0, 1)
  double epsilon = 1e-8;             // of the rest: added to √v̂; positive
  friend bool operator==(const MuonOptions&, const MuonOptions&) = default;
};

/// Prints `muon(learning_rate = 0.02, momentum = 0.95, nesterov, adam_learning_rate = 0.0003)`, and what else is not the default.
inline std::ostream& operator<<(std::ostream& out, const MuonOptions& o) {
  const MuonOptions usual;
  out << "muon(learning_rate = " << o.learning_rate << ", momentum = " << o.momentum << (o.nesterov ? ", nesterov" : "");
  if (o.iterations != usual.iterations) out << ", iterations = " << o.iterations;
  if (o.weight_decay != 0) out << ", weight_decay = " << o.weight_decay;
  out << ", adam_learning_rate = " << o.adam_learning_rate;
  if (o.beta1 != usual.beta1) out << ", beta1 = " << o.beta1;
  if (o.beta2 != usual.beta2) out << ", beta2 = " << o.beta2;
  if (o.epsilon != usual.epsilon) out << ", epsilon = " << o.epsilon;
  return out << ')';
}

/// Muon over the parameters of a layout. Every segment of the role weight is one matrix, or several (Segment::matrix): query, key and
/// value apart, each position of a locally connected layer apart, a convolution's filters as [outputs, the rest]. With learning rate
/// r and V = 0 at first, a matrix W of m rows and n columns is updated by
///   V ← μ V + (1 − μ) G     D = nesterov ? μ V + (1 − μ) G : V     W ← (1 − r λ) W − r √max(1, m / n) orthogonal(D)
/// with orthogonal() as Orthogonalizer has it; an entry whose V is 0 (that of a masked weight) is not moved. All other parameters
/// (biases, scales, embeddings, and weights of a single row or column) are updated as by AdamW, at adam_learning_rate. A gradient that
/// is not finite makes its matrix NaN. Source: as Orthogonalizer, but for the first and the last layer, which are orthogonalized like
/// the others here; the source leaves them to AdamW. Checked against plain loops: tests/optim/optimizer_reference.inc.
/// Five iterations cost 5 (2 m² n + m³) multiplications for m ≤ n: for a layer of 512 × 784, as many as training on 3,000 examples.
template <std::floating_point Scalar>
class Muon {
 public:
  MuonOptions options;           // to change one, make a new object
  std::int64_t steps = 0;        // updates applied so far
  std::vector<Scalar> velocity;  // V, as long as θ; not used where a parameter is in no matrix
  std::vector<Scalar> mean;      // m of AdamW, as long as θ; not used in matrices
  std::vector<Scalar> square;    // v of AdamW, the same

  /// For parameters of that layout. Throws: Error for an option out of range.
  Muon(const MuonOptions& o, const ParameterLayout& layout)
      : options(o),
        velocity(static_cast<std::size_t>(layout.parameter_count())),
        mean(velocity.size()),
        square(velocity.size()) {
    detail::require_adam("Muon", static_cast<Scalar>(o.epsilon), o);
    require(std::isfinite(o.adam_learning_rate) && o.adam_learning_rate >= 0,
            "Muon: adam_learning_rate = ", o.adam_learning_rate, "; expected a finite number, at least 0");
    require(o.momentum >= 0 && o.momentum < 1, "Muon: momentum = ", o.momentum, "; expected a number in [0, 1)");
    require(o.iterations >= 1 && o.iterations <= 100, "Muon: iterations = ", o.iterations, "; expected 1 to 100");
    for (const Segment& s : layout.parameters) {
      const auto product = [&](Index first, Index last) {
        Index size = 1;
        for (Index axis = first; axis < last; ++axis) size *= s.shape[axis];
        return size;
      };
      Part part{static_cast<std::size_t>(s.offset), static_cast<std::size_t>(s.size()), 0, 0};
      if (s.role == Role::weight && s.shape.rank() > 0) {
        const Index first = s.matrix.matrices, last = first + s.matrix.rows;
        require(first >= 0 && last > first && last <= s.shape.rank(), "Muon: '", s.name, "' has the shape ", s.shape, ", but ",
                first, " axes that number matrices and ", s.matrix.rows, " of their rows; expected no more than it has");
        const Index rows = product(first, last), cols = product(last, s.shape.rank());
        if (std::min(rows, cols) > 1) part.rows = rows, part.cols = cols;
      }
      parts_.push_back(part);
      if (part.rows == 0) continue;
      direction_.resize(std::max(direction_.size(), static_cast<std::size_t>(part.rows * part.cols)));
      orthogonalizer_.reserve(part.rows, part.cols);
    }
  }

  /// One update, at the given learning rate, and at adam_learning_rate for what is no matrix, times the factors of the ranges, which
  /// hold whole segments and cover θ, or are none. Throws: Error when a length is not that of the layout.
  void step(std::span<const Scalar> gradient, std::span<Scalar> theta, double learning_rate, double adam_learning_rate,
            std::span<const UpdateRange> ranges = {}) {
    require(gradient.size() == velocity.size() && theta.size() == velocity.size(), "Muon: gradient has ", gradient.size(),
            " entries, theta ", theta.size(), "; expected ", velocity.size());
    ++steps;
    for (const Part& part : parts_) {
      const auto of = [&](auto values) { return values.subspan(part.first, part.count); };
      const UpdateRange range = detail::range_at(ranges, part.first);
      if (part.rows == 0)
        simd::adam_update<Scalar>(of(gradient), of(std::span(mean)), of(std::span(square)), of(theta),
                                  detail::adam_update<Scalar>(options, steps, adam_learning_rate, true, range));
      else
        step_matrices(part, of(gradient), of(std::span(velocity)), of(theta), learning_rate * range.rate,
                      options.weight_decay * range.decay);
    }
  }

 private:
  struct Part {
    std::size_t first, count;  // entries of a segment
    Index rows, cols;          // of each of its matrices; 0 for one that AdamW updates
  };

  void step_matrices(const Part& part, std::span<const Scalar> gradient, std::span<Scalar> v, std::span<Scalar> theta,
                     double learning_rate, double decay) {
    const auto keep = static_cast<Scalar>(options.momentum), take = static_cast<Scalar>(1 - options.momentum);
    simd::update_mean(gradient, v, keep, take);
    const double stretch = std::sqrt(std::max(1.0, static_cast<double>(part.rows) / static_cast<double>(part.cols)));
    const auto rate = static_cast<Scalar>(learning_rate * stretch);
    const auto shrink = static_cast<Scalar>(1 - learning_rate * decay);
    const auto size = static_cast<std::size_t>(part.rows * part.cols);
    const std::span<Scalar> direction = std::span(direction_).first(size);
    for (std::size_t first = 0; first < part.count; first += size) {
      for (std::size_t i = 0; i < size; ++i)
        direction[i] = options.nesterov ? keep * v[first + i] + take * gradient[first + i] : v[first + i];
      orthogonalizer_.run(direction, part.rows, options.iterations);
      for (std::size_t i = 0; i < size; ++i) {
        Scalar& w = theta[first + i];
        w = shrink * w - (v[first + i] == 0 ? Scalar(0) : rate * direction[i]);
      }
    }
  }

  std::vector<Part> parts_;
  std::vector<Scalar> direction_;
  Orthogonalizer<Scalar> orthogonalizer_;
};

}  // namespace lmc

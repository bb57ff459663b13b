// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/vector.hpp>

namespace lmc {

/// The size of a Dropout layer, and its rate.
struct DropoutOptions {
  Shape inputs = {};  // shape of one example
  double rate = 0.5;  // share of entries that are set to 0, in [0, 1)
};

/// In training y = m ⊙ x, backward dx = m ⊙ dy, where each m is 0 with probability `rate` and else 1/(1 − rate); otherwise y =
/// x. The m of an entry is a function of (noise seed, layer, epoch, example, entry), not of the batch that the example is in.
/// No parameters. Cache: m. Source: arXiv:1207.0580, scaled in training as in torch.nn.Dropout.
/// Throws: Error on construction, when the rate is outside [0, 1) or a size is not positive.
template <std::floating_point Scalar>
class Dropout {
 public:
  static constexpr bool scales_units = true, linear = true;

  explicit Dropout(DropoutOptions options) : o_(std::move(options)) {
    require(o_.rate >= 0 && o_.rate < 1, "Dropout: rate = ", o_.rate, "; expected a share in [0, 1)");
    require(o_.inputs.rank() > 0 && o_.inputs.size() > 0, "Dropout: inputs = ", o_.inputs, "; all sizes must be positive");
  }

  [[nodiscard]] std::string_view kind() const { return "dropout"; }
  [[nodiscard]] std::string describe() const { return concat("rate ", o_.rate); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  void declare(LayoutBuilder&) const {}
  [[nodiscard]] Index cache_size(Index batch) const { return batch * o_.inputs.size(); }

  void forward(ForwardArgs<Scalar> a) const {
    if (a.mode == Mode::training) {
      const auto factor = static_cast<Scalar>(1 / (1 - o_.rate));
      const std::uint64_t entries = static_cast<std::uint64_t>(a.x.cols()), draws = (entries + 3) / 4;
      // A word below the limit has the probability `rate`, to 2⁻³².
      const auto limit = static_cast<std::uint64_t>(o_.rate * 0x1p32);
      const Stream stream{.seed = a.noise.seed, .purpose = Purpose::layer_noise, .epoch = a.noise.epoch};
      for (Index i = 0; i < a.x.rows(); ++i) {
        const auto m = a.cache.subspan(static_cast<std::size_t>(i) * entries, entries);
        for (std::uint64_t draw = 0; draw < draws; ++draw) {
          const auto bits = random_bits(stream, a.noise.example(i) * draws + draw);
          for (std::uint64_t j = 4 * draw; j < std::min(entries, 4 * draw + 4); ++j)
            m[j] = bits[j % 4] < limit ? Scalar(0) : factor;
        }
      }
    } else {
      std::ranges::fill(a.cache, Scalar(1));
    }
    simd::multiply<Scalar>(a.cache, span_of(a.x), span_of(a.y));
  }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) simd::multiply<Scalar>(a.cache, span_of(a.dy), span_of(*a.dx));
  }
  /// ẏ = m ⊙ ẋ, with the m of the forward pass.
  void forward_tangent(ForwardTangentArgs<Scalar> a) const {
    simd::multiply<Scalar>(a.cache, span_of(a.x_tangent), span_of(a.y_tangent));
  }

 private:
  DropoutOptions o_;
};
static_assert(Layer<Dropout<float>, float>);

}  // namespace lmc

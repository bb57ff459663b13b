// SPDX-License-Identifier: BSD-3-Clause
// What tests of the study share: specifications that train in milliseconds.
#pragma once
#include "study/specification/pair_spec.hpp"
#include "study/specification/run_spec.hpp"

namespace testing {

inline lmc::study::RunSpec tiny_run() {
  lmc::study::RunSpec s{.data = {.dataset = "spirals", .train_examples = 200, .test_examples = 100}};
  s.network = {.network = "mlp", .hidden = "8"};
  s.epochs = 2;
  s.batch_size = 20;
  s.init_seed = 3;
  s.seeds.order = 1;
  return s;
}

inline lmc::study::PairSpec tiny_pair() {
  lmc::study::PairSpec p{.a = tiny_run(), .b = tiny_run(), .alphas = 5};
  p.b.seeds.order = 2;
  return lmc::study::canonical(p);
}

}  // namespace testing

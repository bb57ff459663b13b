// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/training.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <span>

#include "study/running/datasets.hpp"
#include "study/tiny_plans.hpp"
#include "support/temporary_directory.hpp"

namespace study_training_test {

namespace study = lmc::study;
using study::Access;
using study::Store;
using testing::pairs;
using testing::run;

TEST_CASE("train_run: a run that is trained at once is to the bit the one that goes on from its prefix", "[study]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "1.db", Access::write);
  const auto wanted = pairs();
  run({wanted[6]}, store, 1);
  study::DataSets data("");
  const study::RunSpec& child = wanted[6].pair.a;
  const study::Trained at_once = train_run(child, data.get(child.data).data.train, std::nullopt);
  CHECK(at_once.end.step == 20);
  CHECK(lmc::digest(std::span<const float>(at_once.end.state.parameters)) == store.run(id_of(child))->digest);
}

}  // namespace study_training_test

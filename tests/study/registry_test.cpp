// SPDX-License-Identifier: BSD-3-Clause
#include "registry/registry.hpp"
#include <catch2/catch.hpp>

#include <lmc/data/sources/synthetic.hpp>
#include <lmc/models/mlp.hpp>

namespace study_registry_test {

using Catch::Matchers::Contains;
using registry::DatasetKind;
using registry::NetworkKind;
using registry::Registry;

namespace {

lmc::TrainTest<float> load(const registry::DatasetOptions&, int) { return {lmc::spirals<float>({}), lmc::spirals<float>({})}; }

registry::ChosenNetwork build(const registry::NetworkOptions&, const lmc::Shape& inputs, lmc::Index outputs,
                              lmc::Initialization) {
  return {lmc::logistic_regression<float>({.inputs = inputs, .outputs = outputs}), "mine"};
}

}  // namespace

TEST_CASE("Registry: what is added is known and stands in the help", "[study]") {
  Registry r;
  CHECK_FALSE(r.is_own_dataset("mine"));
  r.add_dataset({.name = "mine", .what = "a few", .load = load});
  r.add_network({.name = "mine", .options = {"width", "patch"}, .defaults = {.width = 3}, .build = build});
  CHECK(r.is_own_dataset("mine"));
  CHECK(r.is_own_network("mine"));
  CHECK_FALSE(r.is_own_dataset("mnist"));
  CHECK_FALSE(r.is_own_network("mlp"));
  CHECK(r.datasets().back().name == "mine");
  CHECK(r.networks().back().name == "mine");
  CHECK_THAT(r.dataset_help(), Catch::Matchers::EndsWith("spirals, mixture or mine (a few)"));
  CHECK_THAT(r.network_help(), Catch::Matchers::EndsWith("resnet, vgg or mine"));
}

TEST_CASE("Registry: refuses a name that is taken, or is none, and what could not be used", "[study]") {
  Registry r;
  r.add_dataset({.name = "mine", .load = load});
  r.add_network({.name = "mine", .build = build});
  CHECK_THROWS_WITH(r.add_dataset({.name = "mine", .load = load}), Contains("two data sets of yours are called 'mine'"));
  CHECK_THROWS_WITH(r.add_network({.name = "mine", .build = build}), Contains("two networks of yours are called 'mine'"));
  CHECK_THROWS_WITH(r.add_dataset({.name = "mnist", .load = load}), Contains("a data set of lmc is called 'mnist'"));
  CHECK_THROWS_WITH(r.add_network({.name = "mlp", .build = build}), Contains("a network of lmc is called 'mlp'"));
  for (const char* name : {"", "a.csv", "a/b", "a b"})
    CHECK_THROWS_WITH(r.add_dataset({.name = name, .load = load}), Contains("expected letters, digits"));
  CHECK_THROWS_WITH(r.add_dataset({.name = "other"}), Contains("has no `load`"));
  CHECK_THROWS_WITH(r.add_network({.name = "other"}), Contains("has no `build`"));
  CHECK_THROWS_WITH(r.add_dataset({.name = "other", .options = {"dta"}, .load = load}), Contains("did you mean 'data'?"));
  CHECK_THROWS_WITH(r.add_network({.name = "other", .options = {"widht"}, .build = build}), Contains("did you mean 'width'?"));
  CHECK_THROWS_WITH(r.add_network({.name = "other", .options = {"width"}, .build = build}),
                    Contains("takes the option width, but has no default for it"));
  CHECK(r.datasets().size() == registry::built_in_datasets().size() + 1);
  CHECK(r.networks().size() == registry::built_in_networks().size() + 1);
}

}  // namespace study_registry_test

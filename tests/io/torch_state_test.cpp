// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/io/torch_state.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/measure/logits.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/sparse_mlp.hpp>

namespace io_torch_state_test {

using Catch::Matchers::Contains;
using lmc::Index;
using lmc::Safetensors;

namespace {

/// A state dict, examples [2, channels, rows, cols], and their logits [2, 3] in evaluation mode.
struct TorchNetwork {
  std::vector<lmc::NamedTensor> tensors;
  std::vector<float> inputs, logits;
};
#include "torch_state_reference.inc"

const lmc::Shape image{6, 5, 2};

std::vector<float> logits_of(const lmc::Network<float>& net, const lmc::ModelState<float>& state, const TorchNetwork& torch) {
  std::vector<float> channels_last(torch.inputs.size());
  for (std::size_t example = 0; example < 2; ++example)
    for (std::size_t c = 0; c < 2; ++c)
      for (std::size_t p = 0; p < 30; ++p) channels_last[example * 60 + 2 * p + c] = torch.inputs[example * 60 + 30 * c + p];
  return lmc::logits(net, state,
                     lmc::Dataset<float>({.shape = image, .classes = 3, .labels = {0, 1}, .features = channels_last}));
}

void check_logits(const lmc::Network<float>& net, const TorchNetwork& torch) {
  // safetensors writes tensors in the order of their names.
  Safetensors file{.metadata = {}, .tensors = torch.tensors};
  for (const bool sorted : {false, true}) {
    if (sorted) std::ranges::sort(file.tensors, {}, &lmc::NamedTensor::name);
    const auto state = lmc::state_of_torch<float>(file, net.layout(), image, {}, "a file");
    const std::vector<float> ours = logits_of(net, state, torch);
    REQUIRE(ours.size() == torch.logits.size());
    for (std::size_t i = 0; i < ours.size(); ++i) CHECK_THAT(ours[i], Catch::Matchers::WithinAbs(torch.logits[i], 1e-5));
  }
}

lmc::Network<float> cnn_of_ours() {
  return lmc::cnn<float>(
      {.inputs = image, .channels = {3, 4}, .outputs = 3, .padding = {1}, .norm = lmc::Normalization::batch});
}
lmc::Network<float> mlp_of_ours() { return lmc::mlp<float>({.inputs = 60, .hidden = {4, 4}, .outputs = 3}); }

lmc::ModelState<float> mlp_state(const Safetensors& file, const std::vector<lmc::TensorPlace>& places = {}) {
  return lmc::state_of_torch<float>(file, mlp_of_ours().layout(), image, places, "a file");
}

}  // namespace

TEST_CASE("state_of_torch: a network with BatchNorm has PyTorch's logits", "[io]") { check_logits(cnn_of_ours(), cnn); }

TEST_CASE("state_of_torch: a first dense layer reads color images with channels first in PyTorch", "[io]") {
  check_logits(mlp_of_ours(), mlp);
}

TEST_CASE("state_of_torch: numbers in names are compared as numbers", "[io]") {
  Safetensors file{.metadata = {}, .tensors = mlp.tensors};
  for (lmc::NamedTensor& t : file.tensors)
    if (t.name.starts_with("5.")) t.name.replace(0, 1, "10");
  CHECK(mlp_state(file) == mlp_state({.metadata = {}, .tensors = mlp.tensors}));
  // More digits than a machine's number holds: modulo 2⁶⁴ the last would be first.
  const std::vector<std::string> names{"9.weight", "010.weight", "18446744073709551616.weight"};
  for (std::size_t i = 1; i < names.size(); ++i)
    CHECK(lmc::detail::NumberedName(names[i - 1]) < lmc::detail::NumberedName(names[i]));
}

TEST_CASE("state_of_torch: reads what DataParallel and torch.compile put before names", "[io]") {
  for (const std::string prefix : {"module.", "_orig_mod.", "_orig_mod.module."}) {
    Safetensors file{.metadata = {}, .tensors = mlp.tensors};
    for (lmc::NamedTensor& t : file.tensors) t.name = prefix + t.name;
    CHECK(mlp_state(file) == mlp_state({.metadata = {}, .tensors = mlp.tensors}));
  }
}

TEST_CASE("state_of_torch: says how arrays that others are computed from are undone in PyTorch", "[io][errors]") {
  // The names of the first layer's weight in state dicts of PyTorch 1.13; of weight norm as a parametrization, of 2.0.
  const std::string remove = "torch.nn.utils.parametrize.remove_parametrizations(module, 'weight')";
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"weight_g", "weight_v"}, "torch.nn.utils.remove_weight_norm(module, 'weight')"},
      {{"weight_orig", "weight_mask"}, "torch.nn.utils.prune.remove(module, 'weight')"},
      {{"weight_orig", "weight_u", "weight_v"}, "torch.nn.utils.remove_spectral_norm(module, 'weight')"},
      {{"parametrizations.weight.original0", "parametrizations.weight.original1"}, remove},
      {{"parametrizations.weight.original", "parametrizations.weight.0._u", "parametrizations.weight.0._v"}, remove}};
  for (const auto& [leaves, call] : cases) {
    CAPTURE(call);
    Safetensors file{.metadata = {}, .tensors = mlp.tensors};
    const auto weight =
        std::ranges::find_if(file.tensors, [](const lmc::NamedTensor& t) { return t.name.ends_with(".weight"); });
    REQUIRE(weight != file.tensors.end());
    const lmc::NamedTensor whole = *weight;
    file.tensors.erase(weight);
    const std::string module = whole.name.substr(0, whole.name.rfind('.') + 1);
    for (const std::string& leaf : leaves) file.tensors.push_back({module + leaf, whole.shape, whole.values});
    CHECK_THROWS_WITH(mlp_state(file), Contains("is no array of a layer") && Contains("in PyTorch call " + call));
  }
}

TEST_CASE("state_of_torch: refuses what is open, with both lists, and takes a table", "[io][errors]") {
  // Both hidden layers from one number of units to the same; their names have no order.
  const auto net = lmc::mlp<float>({.inputs = 4, .hidden = {4, 4}, .outputs = 3});
  Safetensors file;
  const auto add = [&](const std::string& name, std::vector<Index> shape, float first) {
    const lmc::Shape s(std::move(shape));
    std::vector<float> values(static_cast<std::size_t>(s.size()), first);
    file.tensors.push_back({name, s, values});
  };
  add("body.weight", {4, 4}, 1), add("body.bias", {4}, 2), add("stem.weight", {4, 4}, 3), add("stem.bias", {4}, 4);
  add("head.weight", {3, 4}, 5), add("head.bias", {3}, 6);
  const auto read = [&](const std::vector<lmc::TensorPlace>& places) {
    return lmc::state_of_torch<float>(file, net.layout(), 4, places, "a file");
  };
  CHECK_THROWS_WITH(read({}), Contains("'body' and 'stem' have equal shapes") && Contains("stem.weight [4, 4]") &&
                                  Contains("dense2/weight [4, 4]"));
  const auto state = read({{"stem.weight", "dense1/weight"}, {"stem.bias", "dense1/bias"}});
  CHECK(state.parameters[0] == 3);
  CHECK(state.parameters[16] == 4);
  CHECK(state.parameters[20] == 1);
  CHECK_THROWS_WITH(read({{"stem.weight", "dense9/weight"}}), Contains("the network has no such segment"));
  CHECK_THROWS_WITH(read({{"trunk.weight", "dense1/weight"}}), Contains("'trunk.weight', which the file has not"));
  CHECK_THROWS_WITH(read({{"stem.bias", "dense1/weight"}}), Contains("has the shape [4], expected [4, 4]"));
  CHECK_THROWS_WITH(read({{"stem.weight", "dense1/weight"}, {"body.weight", "dense1/weight"}}), Contains("twice"));
  const auto masked = lmc::sparse_mlp<float>({.inputs = 4, .hidden = {4, 4}, .outputs = 3, .sparsity = 0.5});
  CHECK_THROWS_WITH(lmc::state_of_torch<float>(file, masked.layout(), 4, {}, "a file"),
                    Contains("PyTorch has no layer like that of 'masked1/weight'"));
  add("extra.bias", {3}, 7);
  CHECK_THROWS_WITH(read({{"stem.weight", "dense1/weight"}, {"stem.bias", "dense1/bias"}}),
                    Contains("no layer like the module 'extra'"));
  file.tensors.pop_back();
  const Safetensors without_norm = file;
  add("norm.weight", {4}, 1), add("norm.bias", {4}, 0);
  CHECK_THROWS_WITH(
      read({{"stem.weight", "dense1/weight"}, {"stem.bias", "dense1/bias"}}),
      Contains(
          "no layer like the module 'norm'; a weight for each channel is a normalization's: give a network "
          "that has it, with Normalization::layer or --norm layer, batch where running statistics were not kept. In the file:\n"));
  add("norm.running_mean", {4}, 0), add("norm.running_var", {4}, 1);
  CHECK_THROWS_WITH(
      read({{"stem.weight", "dense1/weight"}, {"stem.bias", "dense1/bias"}}),
      Contains("no layer like the module 'norm'; running_mean is batch normalization's: give a network that has it, "
               "with Normalization::batch or --norm batch. In the file:\n"));
  file = without_norm;
  add("extra.bias", {3}, 7);
  file.tensors.back().name = "temperature";
  CHECK_THROWS_WITH(read({{"stem.weight", "dense1/weight"}, {"stem.bias", "dense1/bias"}}),
                    Contains("no layer like the tensor 'temperature'"));
  file.tensors.back().name = "extra.bias";
  file.tensors.back().values = lmc::RawValues{"F16", std::vector<std::byte>(6)};
  CHECK_THROWS_WITH(read({}), Contains("tensor 'extra.bias' is F16; expected F32 or F64; widen_halves converts"));
  file.tensors.back().values = lmc::RawValues{"I64", std::vector<std::byte>(24)};
  CHECK_THROWS_WITH(read({}),
                    Contains("tensor 'extra.bias' is I64; expected F32 or F64, as parameters are. Where it belongs to no "
                             "layer, leave it out"));
  file.tensors.pop_back();
  add("epoch", {}, 3);
  CHECK_THROWS_WITH(read({}),
                    Contains("tensor 'epoch' is a single number; expected arrays, as parameters are. Where it belongs"));
  // A table for every segment leaves out the rest.
  const std::vector<lmc::TensorPlace> all{{"stem.weight", "dense1/weight"}, {"stem.bias", "dense1/bias"},
                                          {"body.weight", "dense2/weight"}, {"body.bias", "dense2/bias"},
                                          {"head.weight", "dense3/weight"}, {"head.bias", "dense3/bias"}};
  CHECK(read(all) == state);
  // A kernel is refused where it is used, also by a table and where it is square.
  std::vector<lmc::TensorPlace> kernel = all;
  kernel[0].tensor = file.tensors[2].name = "stem/kernel";
  CHECK_THROWS_WITH(read(kernel), Contains("tensor 'stem/kernel' is a kernel") && Contains("its transpose, x.T,"));
  file.tensors.pop_back();
  CHECK_THROWS_WITH(read({}), Contains("tensor 'stem/kernel' is a kernel"));
  CHECK_THROWS_WITH(read({{"body.weight", "dense2.weight"}}), Contains("has no such segment; 'dense2/weight' is one"));
}

TEST_CASE("state_of_torch: refuses numbers that do not rise along the layers", "[io][errors]") {
  const auto net = lmc::mlp<float>({.inputs = 5, .hidden = {4, 4, 4}, .outputs = 3});
  const auto read = [&](const std::vector<std::string>& modules, const std::vector<lmc::TensorPlace>& places = {}) {
    Safetensors file;
    const std::vector<lmc::Shape> shapes{{4, 5}, {4, 4}, {4, 4}, {3, 4}};
    for (std::size_t i = 0; i < modules.size(); ++i) {
      const auto size = static_cast<std::size_t>(shapes[i].size());
      file.tensors.push_back({modules[i] + ".weight", shapes[i], std::vector<float>(size, static_cast<float>(i))});
      file.tensors.push_back({modules[i] + ".bias", lmc::Shape{shapes[i][0]}, std::vector<float>(4 - (i == 3 ? 1 : 0))});
    }
    return lmc::state_of_torch<float>(file, net.layout(), 5, places, "a file");
  };
  const auto state = read({"fc1", "fc2", "fc3", "fc4"});
  CHECK(read({"fc2", "fc3", "fc7", "fc10"}) == state);
  CHECK(read({"first", "fc2", "fc3", "last"}) == state);
  const std::string falls = "against the order of their numbers";
  CHECK_THROWS_WITH(read({"fc4", "fc3", "fc2", "fc1"}),
                    Contains(falls) && Contains("'fc4' comes before 'fc2'") && Contains("a table of names says"));
  CHECK_THROWS_WITH(read({"fc4", "fc1", "fc2", "fc3"}), Contains(falls));
  CHECK_THROWS_WITH(read({"fc2", "fc3", "fc4", "fc1"}), Contains(falls));
  CHECK_THROWS_WITH(read({"fc1", "fc3", "fc4", "fc2"}), Contains(falls));
  const std::vector<lmc::TensorPlace> middle{{"fc3.weight", "dense2/weight"}, {"fc2.weight", "dense3/weight"}};
  CHECK(read({"fc4", "fc3", "fc2", "fc1"}, middle) == state);
}

TEST_CASE("state_of_torch: names all layers that do not fit", "[io][errors]") {
  const auto net = lmc::mlp<float>({.inputs = 4, .hidden = {6}, .outputs = 3});
  Safetensors file;
  for (const auto& [name, shape] : {std::pair{"0.weight", lmc::Shape{5, 4}}, {"2.weight", lmc::Shape{3, 5}}})
    file.tensors.push_back({name, shape, std::vector<float>(static_cast<std::size_t>(shape.size()))});
  CHECK_THROWS_WITH(lmc::state_of_torch<float>(file, net.layout(), 4, {}, "a file"),
                    Contains("1 layer of the network (dense1) and 0 modules of the file have the shapes of 'dense1', "
                             "1 layer of the network (dense2) and 0 modules of the file have the shapes of 'dense2'"));
}

TEST_CASE("state_of_torch: what PyTorch's layers may do without is what changes nothing", "[io]") {
  // cnn without its convolutions' biases, and the first BatchNorm without scale and bias, the second without statistics.
  Safetensors whole{.metadata = {}, .tensors = cnn.tensors}, file;
  const auto layout = cnn_of_ours().layout();
  const auto places = lmc::places_of_torch(whole, layout, image, {}, "a file");
  const std::set<std::string> without{"conv1/bias",       "conv2/bias",       "batch_norm1/scale",
                                      "batch_norm1/bias", "batch_norm2/mean", "batch_norm2/variance"};
  std::size_t dropped = 0;
  for (lmc::NamedTensor& t : whole.tensors) {
    const auto place = std::ranges::find(places, t.name, &lmc::TensorPlace::tensor);
    if (place == places.end() || !without.contains(place->segment)) {
      file.tensors.push_back(t);
      continue;
    }
    ++dropped;
    auto& values = std::get<std::vector<float>>(t.values);
    std::ranges::fill(values, place->segment.ends_with("scale") || place->segment.ends_with("variance") ? 1.0F : 0.0F);
  }
  REQUIRE(dropped == without.size());
  CHECK(lmc::state_of_torch<float>(file, layout, image, {}, "a file") ==
        lmc::state_of_torch<float>(whole, layout, image, {}, "a file"));
  const auto found = lmc::places_of_torch(file, layout, image, {}, "a file");
  CHECK(found.size() == places.size() - without.size());
  // A table names what is there.
  CHECK(lmc::state_of_torch<float>(file, layout, image, found, "a file") ==
        lmc::state_of_torch<float>(whole, layout, image, {}, "a file"));
  std::erase_if(file.tensors, [](const lmc::NamedTensor& t) { return t.shape.rank() == 4; });
  CHECK_THROWS_WITH(lmc::state_of_torch<float>(file, layout, image, {}, "a file"), Contains("conv1") && Contains("0 modules"));
}

TEST_CASE("state_of_torch: shapes that no table can bring together are marked", "[io][errors]") {
  const auto net = lmc::mlp<float>({.inputs = 4, .hidden = {5}, .outputs = 3});
  Safetensors file;
  const auto add = [&](const std::string& name, const lmc::Shape& shape) {
    file.tensors.push_back({name, shape, std::vector<float>(static_cast<std::size_t>(shape.size()))});
  };
  add("0.weight", {5, 4}), add("0.bias", {5}), add("2.weight", {5, 3}), add("2.bias", {3}), add("3.weight", {7});
  CHECK_THROWS_WITH(lmc::state_of_torch<float>(file, net.layout(), 4, {}, "a file"),
                    Contains("give the network that was trained, with its widths") && !Contains("a table of names says") &&
                        Contains("0.bias [5]\n") &&
                        Contains("2.weight [5, 3]   (no such shape in the network, but the transposed one)") &&
                        Contains("3.weight [7]   (no such shape in the network)") &&
                        Contains("\nIn the network, with the shapes that they have in PyTorch:\n  dense") &&
                        Contains("dense2/weight [3, 5]   (no such shape in the file, but the transposed one)"));
}

TEST_CASE("state_of_torch: the rest of a module follows the tensor that a table names", "[io][errors]") {
  const auto net = lmc::mlp<float>({.inputs = 4, .hidden = {4, 4}, .outputs = 4});
  Safetensors file;
  for (int i = 1; i <= 3; ++i) {
    const auto value = static_cast<float>(i);
    const std::string module = "fc" + std::to_string(i);
    file.tensors.push_back({module + ".weight", lmc::Shape{4, 4}, std::vector<float>(16, value)});
    file.tensors.push_back({module + ".bias", lmc::Shape{4}, std::vector<float>(4, 10 * value)});
  }
  const auto read = [&](const std::vector<lmc::TensorPlace>& places) {
    return lmc::state_of_torch<float>(file, net.layout(), 4, places, "a file");
  };
  // The weights of fc3, fc2 in the layers 2, 3: so are their biases, named or not.
  const std::vector<lmc::TensorPlace> weights{{"fc3.weight", "dense2/weight"}, {"fc2.weight", "dense3/weight"}};
  const auto state = read(weights);
  const std::vector<float> first{1, 10, 3, 30, 2, 20};
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(state.parameters[i / 2 * 20 + i % 2 * 16] == first[i]);
  const auto places = lmc::places_of_torch(file, net.layout(), 4, weights, "a file");
  REQUIRE(places.size() == 6);
  CHECK(places[3].tensor == "fc3.bias");
  CHECK(places[3].segment == "dense2/bias");
  CHECK(read(places) == state);
  // A module in two layers does not say where its rest belongs.
  CHECK_THROWS_WITH(read({{"fc3.weight", "dense2/weight"}, {"fc3.bias", "dense1/bias"}}),
                    Contains("names the layer 'dense1' in part, and what belongs to 'dense1/weight' is open"));
  CHECK_THROWS_WITH(read({{"fc3.weight", "dense2/weight"}, {"fc2.bias", "dense2/bias"}}),
                    Contains("names the module 'fc2' in part") && Contains("'fc2.weight' belongs is open"));
}

}  // namespace io_torch_state_test

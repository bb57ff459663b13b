// SPDX-License-Identifier: BSD-3-Clause
// lmc beside libtorch. For every workload libtorch's fastest configuration is found first: how the runs share the cores, which
// formulation of the layers, which way of updating, which vector instructions, how malloc keeps memory.
#include <filesystem>
#include <lmc/core/error.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "../versus/comparison.hpp"

namespace {

using versus::Family;
using versus::Job;
using versus::Workload;

versus::Knobs knobs(const Workload& w) {
  versus::Knobs all{{"arrangement", {"two processes", "two threads", "in turn, two threads"}}};
  if (w.family == Family::cnn) all.push_back({"formulation", {"nchw", "nhwc", "products"}});
  if (w.family == Family::lcn) all.push_back({"formulation", {"positions", "unfold", "einsum"}});
  if (w.family == Family::vit) all.push_back({"formulation", {"linear", "conv2d"}});
  if (w.on_cifar()) all.push_back({"formulation", {"nhwc", "nchw"}});
  if (w.task == versus::Task::training) all.push_back({"update", {"in place", "foreach", "torch::optim"}});
  if (w.task == versus::Task::curve) all.push_back({"images at once", {"250", "1000", "10000"}});
#ifdef __AVX512F__  // this program is compiled for this machine
  all.push_back({"vectors", {"avx512", "default"}});
  // Which OpenBLAS takes by itself depends on whether it knows the processor.
  all.push_back({"BLAS kernels", {"detected", "SkylakeX"}});
#endif
  all.push_back({"malloc", {"keeps", "keeps, huge pages", "default"}});
  return all;
}

versus::ChildProcess start(const Job& job) {
  const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return {{(here / "versus_torch_worker").string(), nlohmann::json(job).dump()}, versus::environment_of(job)};
}

versus::Opponents find_libtorch() {
  nlohmann::json about = nlohmann::json::parse(start({.task = "versions"}).read_line());
  lmc::require(about.at("optimized_products").get<bool>(), "libtorch's products go to the reference BLAS (",
               about.at("libraries").dump(), "), which is ten times slower; on Debian: apt install libopenblas0-pthread");
  about["summary"] = about.at("torch").get<std::string>() + ", " + about.value("openblas", "MKL");
  return {.present = {{.name = "libtorch", .about = about, .knobs = knobs, .start = start}}, .absent = {}};
}

}  // namespace

int main(int argc, char** argv) {
  return versus::compare(argc, argv,
                         {.program = "versus_torch",
                          .description = "Trains the same networks with lmc and with libtorch, and compares their speed.",
                          .add_options = {},
                          .find_opponents = find_libtorch});
}

// SPDX-License-Identifier: BSD-3-Clause
// lmc beside PyTorch, as it is and compiled, and JAX: those that a Python has. worker.py is their side; it tells which there are, and
// in which ways each may go about a workload.
#include <lmc/core/error.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "../versus/comparison.hpp"

namespace {

using versus::Job;
using versus::Workload;

/// A job as worker.py reads it: with all that it has to know about the workload, and the engine that is to do it.
nlohmann::json for_python(const Job& job, const std::string& engine) {
  nlohmann::json all = job;
  all["engine"] = engine;
  if (job.workload.empty()) return all;
  const Workload w = versus::workload_named(job.workload);
  all["workload"] = {{"task", w.task},
                     {"family", w.family},
                     {"layers", w.layers},
                     {"stride", w.stride},
                     {"update", w.update},
                     {"batch", w.batch},
                     {"side", w.side()},
                     {"channels", w.channels()},
                     {"curve_points", versus::curve_points},
                     {"rate", w.update == versus::Update::adam       ? versus::adam_rate
                              : w.update == versus::Update::momentum ? versus::momentum_rate
                                                                     : versus::sgd_rate},
                     {"momentum", versus::momentum},
                     {"patch", versus::patch},
                     {"width", versus::width},
                     {"heads", versus::heads},
                     {"mlp_ratio", versus::mlp_ratio},
                     {"resnet_blocks", versus::resnet_blocks},
                     {"resnet_width", versus::resnet_width}};
  return all;
}

versus::ChildProcess start(const std::string& python, const Job& job, const std::string& engine) {
  return {{"/usr/bin/env", python, LMC_PYTHON_WORKER, for_python(job, engine).dump()}, versus::environment_of(job)};
}

versus::Opponents find_engines(const std::string& python) {
  // {engine: {"absent": why} or {"summary": …}}
  const auto engines = nlohmann::json::parse(start(python, {.task = "versions"}, "").read_line());
  versus::Opponents found;
  for (const auto& [name, about] : engines.items()) {
    if (about.contains("absent")) {
      found.absent[name] = about.at("absent").get<std::string>();
      continue;
    }
    found.present.push_back({.name = name,
                             .about = about,
                             .knobs =
                                 [python, engine = name](const Workload& w) {
                                   const Job job{.task = "knobs", .workload = w.name};
                                   return nlohmann::json::parse(start(python, job, engine).read_line()).get<versus::Knobs>();
                                 },
                             .start = [python, engine = name](const Job& job) { return start(python, job, engine); }});
  }
  lmc::require(!found.present.empty(), "'", python,
               "' has neither PyTorch nor JAX; name a Python that has one by --python: ", engines.dump());
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  std::string python = "python3";
  return versus::compare(
      argc, argv,
      {.program = "versus_python",
       .description = "Trains the same networks with lmc and with PyTorch and JAX, and compares their speed.",
       .add_options =
           [&](CLI::App& app) {
             app.add_option("--python", python, "Python that has PyTorch, JAX or both: a name or a path")
                 ->capture_default_str();
           },
       .find_opponents = [&] { return find_engines(python); }});
}

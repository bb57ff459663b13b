// SPDX-License-Identifier: BSD-3-Clause
// Whom lmc is compared with: a program that speaks the protocol, and the ways in which it may go about a workload.
#pragma once
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "child_process.hpp"
#include "protocol.hpp"
#include "workload.hpp"

namespace versus {

/// Names of choices, each with its values, the first of which is tried first. Always one of them is "arrangement", how the runs
/// share the cores: "two processes" of one thread each, "two threads", or "in turn, two threads".
using Knobs = std::vector<std::pair<std::string, std::vector<std::string>>>;

struct Opponent {
  std::string name;
  nlohmann::json about;                           // its version and libraries
  std::function<Knobs(const Workload&)> knobs;    // of a workload
  std::function<ChildProcess(const Job&)> start;  // a process that does the job
};

struct Opponents {
  std::vector<Opponent> present;              // at least one, by name in ascending order
  std::map<std::string, std::string> absent;  // why
};

inline bool chosen(const Choice& choice, const std::string& knob, const std::string& value) {
  const auto found = choice.find(knob);
  return found != choice.end() && found->second == value;
}

/// The environment of a job's choice: threads, vector instructions, kernels of OpenBLAS and how malloc keeps memory, as far as
/// the choice has knobs of these names.
inline std::map<std::string, std::string> environment_of(const Job& job) {
  const std::string threads = std::to_string(job.threads);
  std::map<std::string, std::string> environment{
      {"OMP_NUM_THREADS", threads}, {"OPENBLAS_NUM_THREADS", threads}, {"MKL_NUM_THREADS", threads}};
  if (chosen(job.choice, "vectors", "avx512")) environment["ATEN_CPU_CAPABILITY"] = "avx512";
  if (chosen(job.choice, "BLAS kernels", "SkylakeX")) environment["OPENBLAS_CORETYPE"] = "SkylakeX";
  // Large arrays otherwise go back to the system and come again, page by page, in every step.
  const std::string kept =
      "glibc.malloc.trim_threshold=4294967296:glibc.malloc.top_pad=67108864:glibc.malloc.mmap_threshold=33554432";
  if (chosen(job.choice, "malloc", "keeps")) environment["GLIBC_TUNABLES"] = kept;
  if (chosen(job.choice, "malloc", "keeps, huge pages")) environment["GLIBC_TUNABLES"] = kept + ":glibc.malloc.hugetlb=1";
  return environment;
}

}  // namespace versus

// SPDX-License-Identifier: BSD-3-Clause
// How a measuring process is told what to do, and answers: a job as JSON in its argument, `ready` on standard output once
// everything is loaded, a line on standard input to begin, and the outcome as JSON on standard output.
#pragma once
#include <chrono>
#include <cstdint>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <lmc/core/error.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "workload.hpp"

namespace versus {

/// Which of several ways a side goes about a workload: by name of the knob.
using Choice = std::map<std::string, std::string>;

struct Job {
  std::string task = "measure";          // or versions, or peak
  std::string workload = {};             // the name of one of workloads()
  std::string data = {};                 // for lmc the folder of the data set; for the others that of export_data()
  std::string start = {};                // file of θ in lmc's layout, float; for a curve both ends, one behind the other
  std::vector<std::string> orders = {};  // for each seed the file of write_order(); lmc makes the order by itself
  Index steps = 0;                       // updates of one training
  Index repeats = 1;                     // trainings or curves, one after another
  std::vector<std::uint64_t> seeds =
      {};  // for the order of the data, one per run; the runs go side by side if there are as many threads
  std::vector<Index> points = {};  // indices of the curve's points
  bool evaluate = true;            // the networks after the last step, once the time is taken
  int threads = 1;                 // threads of this process
  int part = 0;                    // which of several processes that share a measurement; it may pin itself to cores of its own
  Choice choice = {};
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Job, task, workload, data, start, orders, steps, repeats, seeds, points, evaluate, threads,
                                 part, choice)
};

struct Outcome {
  double seconds = 0;                // total over all repeats and runs
  std::vector<double> first_losses;  // for each run: the loss of its first batch, before any update
  std::vector<double> losses;        // on the test set: for each run after its last step, or at each point of a curve
  std::vector<double> errors;        // at each point of a curve
  double peak_megabytes = 0;         // largest resident memory up to the end of the measurement, libraries included
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Outcome, seconds, first_losses, losses, errors, peak_megabytes)
};

/// Largest resident memory of this process so far. getrusage() would count what the process that started this one had.
inline double peak_megabytes() {
  std::ifstream file("/proc/self/status");
  for (std::string field; file >> field;)
    if (double kilobytes = 0; field == "VmHWM:" && file >> kilobytes) return kilobytes / 1024;
  throw lmc::Error("/proc/self/status has no VmHWM, the largest resident memory");
}

/// Seconds that work() takes.
template <class Work>
double seconds_of(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Tells that everything is loaded, and waits for the sign to begin. Throws: lmc::Error when nobody is there any more.
inline void wait_for_start() {
  std::cout << "ready" << std::endl;
  std::string line;
  lmc::require(static_cast<bool>(std::getline(std::cin, line)), "the process that asked for a measurement is gone");
}

/// The numbers in a file, as write_numbers() leaves them. Throws: lmc::Error when it cannot be read.
template <class T>
std::vector<T> read_numbers(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<T> values(file.good() ? static_cast<std::size_t>(file.tellg()) / sizeof(T) : 0);
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  lmc::require(file.good() && !values.empty(), "'", path, "' cannot be read");
  return values;
}

/// Throws: lmc::Error when the file cannot be written.
template <class T>
void write_numbers(const std::string& path, std::span<const T> values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
  lmc::require(file.flush().good(), "cannot write '", path, "'; is the disk full?");
}

/// A process's whole life: work(job) gives what is written as JSON.
inline int serve(const std::string& job, const std::function<nlohmann::json(const Job&)>& work) {
  try {
    std::cout << work(nlohmann::json::parse(job).get<Job>()).dump() << std::endl;
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
  }
}

}  // namespace versus

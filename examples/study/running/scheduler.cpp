// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/scheduler.hpp"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include <lmc/io/input_file.hpp>
#include <lmc/io/output_file.hpp>

#include "study/running/study_progress.hpp"
#include "study/running/task_queue.hpp"

namespace lmc::study {

std::vector<std::string> read_inputs(const Store& store, const Task& task) {
  std::vector<std::string> inputs;
  for (const std::string& run : task.inputs) {
    InputFile file = open_input_file(store.checkpoint(run));
    std::string bytes(static_cast<std::size_t>(file.size), ' ');
    file.stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    require(file.stream.good(), "cannot read all of '", file.path.string(), "'");
    inputs.push_back(std::move(bytes));
  }
  return inputs;
}

void keep(Store& store, const Outcome& outcome) {
  store.put(outcome.data);
  if (const auto* run = std::get_if<RunRow>(&outcome.row)) {
    if (store.run(run->id)) store.put(*run);  // it must be equal before its lost checkpoint is written again
    OutputFile file(store.checkpoint(run->id));
    file.stream() << outcome.checkpoint;
    file.commit();
  }
  std::visit([&](const auto& row) { store.put(row); }, outcome.row);
}

double seconds_of(const Outcome& outcome) {
  return std::visit([](const auto& row) { return row.made.seconds; }, outcome.row);
}

void run_plan(Plan plan, Store& store, DataSets& data, int threads, const std::string& program) {
  TaskQueue queue(std::move(plan));
  StudyProgress progress(threads);
  std::mutex mutex;  // protects queue, store and failure
  std::condition_variable changed;
  std::exception_ptr failure;
  const auto work = [&] {
    std::unique_lock lock(mutex);
    while (!failure && !queue.finished()) {
      const std::optional<std::size_t> i = queue.next();
      if (!i) {
        changed.wait(lock);
        continue;
      }
      const Task& task = queue.task(*i);
      try {
        lock.unlock();
        const Outcome outcome = execute(task, data, read_inputs(store, task), program);
        lock.lock();
        keep(store, outcome);
        queue.finish(*i, seconds_of(outcome));
      } catch (...) {
        if (!lock.owns_lock()) lock.lock();
        if (!failure) failure = std::current_exception();
      }
      changed.notify_all();
    }
  };
  {
    std::vector<std::jthread> team;
    for (int t = 0; t < threads; ++t) team.emplace_back(work);
    std::unique_lock lock(mutex);
    while (!failure && !queue.finished()) {
      progress.show(queue);
      changed.wait_for(lock, std::chrono::seconds(1));
    }
    if (!failure) progress.show(queue);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace lmc::study

// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/scheduler.hpp"

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include <lmc/core/text.hpp>
#include <lmc/io/input_file.hpp>
#include <lmc/io/output_file.hpp>

#include "registry/interruption.hpp"
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

std::string interrupted_text(int signal, const TaskQueue& queue) {
  return lmc::concat(signal == SIGINT ? "SIGINT" : "SIGTERM", ": no further task begins; those in work, ", queue.in_flight(),
                     " of them, are finished and kept. A second signal ends at once, and loses these alone");
}

std::string stopped_text(const TaskQueue& queue) {
  return lmc::concat("stopped after ", queue.done(), " of ", queue.size(),
                     " tasks, which the store has; the same command goes on");
}

int run_plan(Plan plan, Store& store, DataSets& data, int threads, const std::string& program) {
  const registry::Interruption interruption;
  TaskQueue queue(std::move(plan));
  StudyProgress progress(threads);
  std::mutex mutex;  // protects queue, store, failure and stopped_by
  std::condition_variable changed;
  std::exception_ptr failure;
  int stopped_by = 0;  // a signal
  const auto work = [&] {
    std::unique_lock lock(mutex);
    while (!failure && stopped_by == 0 && !queue.finished()) {
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
    while (!failure && !queue.finished() && (stopped_by == 0 || queue.in_flight() > 0)) {
      if (stopped_by == 0 && interruption.signal() != 0) {
        stopped_by = interruption.signal();
        progress.say(interrupted_text(stopped_by, queue));
        changed.notify_all();  // those who wait for a task
        continue;
      }
      progress.show(queue);
      changed.wait_for(lock, std::chrono::milliseconds(200));
    }
    if (!failure) progress.show(queue);
  }
  if (failure) std::rethrow_exception(failure);
  if (queue.finished()) return 0;
  progress.say(stopped_text(queue));
  return stopped_by;
}

}  // namespace lmc::study

// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <lmc/core/error.hpp>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace versus {

/// Whether an environment variable may decide how fast a library computes: nothing of this is left over from the surroundings.
inline bool decides_speed(std::string_view variable) {
  constexpr std::array<std::string_view, 17> prefixes{
      "OMP_",  "GOMP_",          "KMP_",    "OPENBLAS_", "GOTO_",          "BLIS_",        "MKL_", "ONEDNN_", "DNNL_",
      "ATEN_", "GLIBC_TUNABLES", "MALLOC_", "TORCH_",    "TORCHINDUCTOR_", "TORCHDYNAMO_", "XLA_", "JAX_"};
  return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return variable.starts_with(prefix); });
}

/// Seconds that all cores together have worked since the start of the machine, for whatever program.
inline double machine_seconds() {
  std::ifstream file("/proc/stat");
  std::string cpu;
  double user = 0, nice = 0, system = 0;
  file >> cpu >> user >> nice >> system;
  return (user + nice + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

/// A program that runs beside this one, with its standard input and output at hand; its errors go where ours go. What is still
/// running at the end of the object's life is waited for, its input closed.
class ChildProcess {
 public:
  /// environment: added to this process's, without what decides_speed(). Throws: lmc::Error when it cannot be started.
  ChildProcess(std::vector<std::string> arguments, const std::map<std::string, std::string>& environment)
      : program_(arguments.front()) {
    std::array<int, 2> input{}, output{};
    lmc::require(pipe2(input.data(), O_CLOEXEC) == 0 && pipe2(output.data(), O_CLOEXEC) == 0,
                 "no pipe: ", std::strerror(errno));
    std::vector<std::string> variables;
    for (char** v = environ; *v != nullptr; ++v)
      if (!decides_speed(*v)) variables.emplace_back(*v);
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    const int failure =
        posix_spawn(&pid_, program_.c_str(), &actions, nullptr, pointers(arguments).data(), pointers(variables).data());
    posix_spawn_file_actions_destroy(&actions);
    close(input[0]);
    close(output[1]);
    to_ = input[1];
    from_ = fdopen(output[0], "r");
    if (failure != 0) pid_ = 0;
    lmc::require(failure == 0, "cannot start '", program_, "': ", std::strerror(failure));
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ChildProcess(ChildProcess&& other) noexcept
      : program_(std::move(other.program_)),
        pid_(std::exchange(other.pid_, 0)),
        to_(std::exchange(other.to_, -1)),
        from_(std::exchange(other.from_, nullptr)) {}
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess() {
    if (to_ >= 0) close(to_);
    if (from_ != nullptr) std::fclose(from_);
    if (pid_ > 0) wait();
  }

  /// Seconds of all its threads so far, as long as it has not been waited for.
  [[nodiscard]] double processor_seconds() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
    std::string text;
    std::getline(file, text);
    // Behind the name, which ends with the last parenthesis of the line: fields 3 to 13, then user and system time.
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    std::string skipped;
    double user = 0, system = 0;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    fields >> user >> system;
    return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }

  /// Throws: lmc::Error when the program does not listen any more.
  void write_line(std::string_view text) {
    const std::string line = std::string(text) + "\n";
    lmc::require(::write(to_, line.data(), line.size()) == static_cast<ssize_t>(line.size()), "'", program_,
                 "' has ended early");
  }
  /// Throws: lmc::Error when the program ends before it has written a line.
  std::string read_line() {
    std::string line;
    for (int c = 0; (c = std::fgetc(from_)) != EOF && c != '\n';) line += static_cast<char>(c);
    if (std::feof(from_) != 0) throw lmc::Error(lmc::concat("'", program_, "' ended without an answer, with status ", wait()));
    return line;
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    all.reserve(texts.size() + 1);
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
  }
  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  std::string program_;
  pid_t pid_ = 0;
  int to_ = -1;
  std::FILE* from_ = nullptr;
};

}  // namespace versus

// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/output_file.hpp>

#include <catch2/catch.hpp>
#include <csignal>
#include <string>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <support/skip.hpp>
#include <support/temporary_directory.hpp>

namespace io_output_file_test {

namespace {

using Catch::Matchers::Contains;
using lmc::OutputFile;
using testing::content;
using Names = std::set<std::string>;

// Files of this process cannot grow beyond `bytes`: what a full disk looks like to a program.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limited = before_;
    limited.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limited);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

}  // namespace

TEST_CASE("OutputFile: appears under its name when it is committed, and leaves nothing else", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "result.json";
  {
    OutputFile file(path);
    CHECK(file.path() == path);
    file.stream() << "{}\n" << std::flush;
    CHECK(!std::filesystem::exists(path));
    file.commit();
    CHECK(content(path) == "{}\n");
    CHECK(directory.names() == Names{"result.json"});
  }
  CHECK(directory.names() == Names{"result.json"});
}

TEST_CASE("OutputFile: leaves nothing, and an older file as it was, when it is not committed", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("result.json", "old");
  {
    OutputFile file(path);
    file.stream() << std::string(100'000, 'x');
    CHECK(content(path) == "old");
    CHECK(directory.names().size() == 2);
  }
  CHECK(content(path) == "old");
  CHECK(directory.names() == Names{"result.json"});
}

TEST_CASE("OutputFile: replaces an older, longer file", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("result.json", "much longer than the new one");
  OutputFile file(path);
  file.stream() << "new";
  file.commit();
  CHECK(content(path) == "new");
}

TEST_CASE("OutputFile: two of one name do not disturb each other, and pass by files in their way", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "result.json";
  OutputFile a(path);
  // What a process of the same number left behind when it was killed, at the next few numbers.
  const std::string temporary = *directory.names().begin();
  const auto dash = temporary.rfind('-');
  const int number = std::stoi(temporary.substr(dash + 1));
  for (int i = 1; i <= 3; ++i) directory.write(temporary.substr(0, dash + 1) + std::to_string(number + i) + ".tmp", "not mine");
  {
    OutputFile b(path);
    CHECK(directory.names().size() == 5);
    a.stream() << "a";
    b.stream() << "b";
    b.commit();
    CHECK(content(path) == "b");
  }
  a.commit();
  CHECK(content(path) == "a");
  for (int i = 1; i <= 3; ++i)
    CHECK(content(directory / (temporary.substr(0, dash + 1) + std::to_string(number + i) + ".tmp")) == "not mine");
}

TEST_CASE("OutputFile: takes a name without a directory", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  {
    OutputFile file("result.json");
    file.stream() << "here";
    file.commit();
  }
  std::filesystem::current_path(before);
  CHECK(content(directory / "result.json") == "here");
}

TEST_CASE("OutputFile: follows a symbolic link", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto target = directory.write("target", "old");
  std::filesystem::create_symlink("target", directory / "link");
  OutputFile file(directory / "link");
  file.stream() << "new";
  file.commit();
  CHECK(content(target) == "new");
  CHECK(std::filesystem::is_symlink(directory / "link"));
  CHECK(directory.names() == Names{"link", "target"});
}

TEST_CASE("OutputFile: follows a symbolic link to a file that is not there yet", "[io]") {
  const testing::TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "folder");
  std::filesystem::create_symlink("folder/between", directory / "link");
  std::filesystem::create_symlink("target", directory / "folder/between");
  OutputFile file(directory / "link");
  file.stream() << "new";
  file.commit();
  CHECK(content(directory / "folder/target") == "new");
  CHECK(std::filesystem::is_symlink(directory / "link"));
}

TEST_CASE("OutputFile: notices that its temporary file was removed, or replaced by a copy", "[io]") {
  const testing::TemporaryDirectory directory;
  for (const bool copied : {false, true}) {
    OutputFile file(directory / "result.json");
    file.stream() << "new";
    CHECK_FALSE(file.is_lost());
    const auto temporary = directory / *directory.names().begin();
    const auto aside = directory / "aside";
    std::filesystem::rename(temporary, aside);
    if (copied) std::filesystem::copy_file(aside, temporary);
    CHECK(file.is_lost());
    CHECK_THROWS_WITH(file.commit(), Contains("was removed, or another put in its place"));
    std::filesystem::remove(aside);
  }
  CHECK(directory.names().empty());
}

TEST_CASE("OutputFile: says at once that a file cannot be written", "[io]") {
  const testing::TemporaryDirectory directory;
  CHECK_THROWS_WITH(OutputFile(directory / "absent/result.json"),
                    Contains("absent/result.json': there is no directory '") && Contains("/absent'; create it first"));
  CHECK_THROWS_WITH(OutputFile(directory.path()), Contains("it is a directory, expected a file"));
  CHECK_THROWS_WITH(OutputFile(directory / ""), Contains("expected the name of a file"));
  CHECK_THROWS_WITH(OutputFile(""), Contains("cannot write '': expected the name of a file"));
  CHECK_THROWS_WITH(OutputFile(directory.write("file", "") / "below"), Contains("there is no directory"));
  CHECK_THROWS_WITH(OutputFile("/proc/result.json"),
                    Contains("cannot write '/proc/result.json': "));  // nobody can create files there
  CHECK_THROWS_WITH(OutputFile(directory / std::string(250, 'x')), Contains("File name too long"));
  CHECK(directory.names() == Names{"file"});
}

TEST_CASE("OutputFile: needs permission for the directory, and for a file that it would replace", "[io]") {
  if (::geteuid() == 0) return testing::skip("run as root, who can write to every file");
  using std::filesystem::perms;
  const testing::TemporaryDirectory directory;
  const auto kept = directory.write("kept", "old");
  std::filesystem::permissions(kept, perms::owner_read);
  CHECK_THROWS_WITH(OutputFile(kept), Contains("kept': Permission denied"));
  std::filesystem::permissions(directory.path(), perms::owner_read | perms::owner_exec);
  CHECK_THROWS_WITH(OutputFile(directory / "new"), Contains("new': Permission denied"));
  std::filesystem::permissions(directory.path(), perms::owner_all);
}

TEST_CASE("OutputFile: reports a full disk, and leaves the older file", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("result.json", "old");
  const auto size = GENERATE(as<std::size_t>{}, 2'000, 1'000'000);  // found out when closing, and when writing
  {
    OutputFile file(path);
    const FileSizeLimit full(1000);
    file.stream() << std::string(size, 'x');
    CHECK_THROWS_WITH(file.commit(), Contains("cannot write all of '") && Contains("result.json': "));
  }
  CHECK(content(path) == "old");
  CHECK(directory.names() == Names{"result.json"});
}

TEST_CASE("OutputFile: writes to devices and pipes as they are", "[io]") {
  const testing::TemporaryDirectory directory;
  {
    OutputFile file("/dev/null");
    file.stream() << "away";
    file.commit();
  }
  CHECK(std::filesystem::is_character_file("/dev/null"));
  OutputFile full("/dev/full");
  full.stream() << "more than there is room for";
  CHECK_THROWS_WITH(full.commit(), Contains("cannot write all of '/dev/full': No space left on device"));

  const auto pipe = directory / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::fstream reader(pipe, std::ios::in | std::ios::out);  // both, so that neither end waits for the other
  OutputFile file(pipe);
  file.stream() << "through\n";
  file.commit();
  std::string line;
  std::getline(reader, line);
  CHECK(line == "through");
}

}  // namespace io_output_file_test

// SPDX-License-Identifier: BSD-3-Clause
#include "registry/memory_limit.hpp"

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <fstream>

#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

namespace registry {

namespace {

struct Limit {
  const char* name = "";
  double bytes = 0, in_use = 0;
};

// The first two numbers of /proc/self/statm: pages of addresses, and of memory.
struct InUse {
  double addresses = 0, memory = 0;
};
InUse in_use() {
  InUse pages;
  std::ifstream("/proc/self/statm") >> pages.addresses >> pages.memory;
  const auto size = static_cast<double>(::sysconf(_SC_PAGESIZE));
  return {pages.addresses * size, pages.memory * size};
}

// Where a system says nothing of a limit, there is none.
void require_within(const Limit& limit, double bytes, const std::string& what, const std::string& way_out) {
  const auto size = [](double x) {
    return x < (1 << 30) ? lmc::fixed(x / (1 << 20), 0) + " MiB" : lmc::fixed(x / (1 << 30), 1) + " GiB";
  };
  lmc::require(limit.in_use + bytes <= limit.bytes, what, ' ', size(bytes), " of memory beside ", size(limit.in_use),
               " that the program has already, but ", limit.name, ' ', size(limit.bytes), "; ", way_out);
}

}  // namespace

void require_memory(double bytes, const std::string& what, const std::string& way_out) {
  const InUse used = in_use();
  struct sysinfo machine = {};
  if (::sysinfo(&machine) == 0)
    require_within(
        {"this machine has", static_cast<double>(machine.totalram + machine.totalswap) * machine.mem_unit, used.memory}, bytes,
        what, way_out);
  if (double group = 0; std::ifstream("/sys/fs/cgroup/memory.max") >> group)  // "max" where there is none
    require_within({"its control group may have", group, used.memory}, bytes, what, way_out);
  struct rlimit addresses = {};
  if (::getrlimit(RLIMIT_AS, &addresses) == 0 && addresses.rlim_cur != RLIM_INFINITY)
    require_within({"ulimit -v allows", static_cast<double>(addresses.rlim_cur), used.addresses}, bytes, what, way_out);
}

}  // namespace registry

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace godo {

/** What JavaScript says of one system call. */
struct Call {
  /** Stands in the entries of its events; 0: nobody wants it. */
  uint8_t id = 0;
  /** Bits of call_need. */
  uint8_t needs = 0;
};

namespace call_need {
constexpr uint8_t paths = 1;
constexpr uint8_t cwd = 2;
constexpr uint8_t execve = 4;
constexpr uint8_t openat2 = 8;
/** Its events are of interest only where `success=yes` and an `exit` are told. */
constexpr uint8_t success = 16;
/** The bodies of its SYSCALL, PATH, MMAP and FD_PAIR records, for what entries do not have of them. */
constexpr uint8_t bodies = 32;
/** One that succeeds has an FD_PAIR record. */
constexpr uint8_t fdPair = 64;
/** One that succeeds has an MMAP record, unless its fourth argument has MAP_ANONYMOUS. */
constexpr uint8_t mmap = 128;
constexpr uint8_t all = 255;
}  // namespace call_need

/** Stands for the architecture of operations of io_uring, which have numbers of their own; no AUDIT_ARCH_* is 0. */
constexpr uint32_t uringArch = 0;

/** The system calls of interest, by architecture and number. */
class CallTable {
 public:
  static constexpr uint32_t numbers = 1024;
  static constexpr size_t mostArchitectures = 8;

  /** False when there are too many architectures. `number` is below `numbers`. */
  bool add(uint32_t arch, uint32_t number, Call call) {
    for (auto& table : tables_) {
      if (table->arch != arch) continue;
      table->calls[number] = call;
      return true;
    }
    if (tables_.size() == mostArchitectures) return false;
    tables_.push_back(std::make_unique<Architecture>());
    tables_.back()->arch = arch;
    tables_.back()->calls[number] = call;
    return true;
  }

  Call find(uint64_t arch, uint64_t number) const {
    if (number >= numbers) return {};
    for (const auto& table : tables_) {
      if (table->arch == arch) return table->calls[number];
    }
    return {};
  }

  /** Records of rules with this key are told from others; empty: there is none. */
  void setWatchKey(std::string_view key) {
    if (!key.empty()) watchEnd_.assign("key=\"").append(key).append("\"");
  }

  /** The kernel writes the key behind everything else (audit_log_exit in kernel/auditsc.c). */
  bool isWatched(std::string_view syscallBody) const {
    return !watchEnd_.empty() && syscallBody.size() > watchEnd_.size() &&
           syscallBody.substr(syscallBody.size() - watchEnd_.size()) == watchEnd_ &&
           syscallBody[syscallBody.size() - watchEnd_.size() - 1] == ' ';
  }

 private:
  struct Architecture {
    uint32_t arch = 0;
    std::array<Call, numbers> calls{};
  };
  std::vector<std::unique_ptr<Architecture>> tables_;
  std::string watchEnd_;
};

}  // namespace godo

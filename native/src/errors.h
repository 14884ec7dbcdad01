#pragma once

#include <stdexcept>
#include <string>

namespace godo {

/** What the addon throws inside; the door (addon.cc) turns it into the NativeError of index.d.ts. */
struct Failure : std::runtime_error {
  Failure(std::string failureCode, int number, std::string call, const std::string& message)
      : std::runtime_error(message), code(std::move(failureCode)), number(number), call(std::move(call)) {}

  std::string code;
  /** errno, or 0 when no system call failed. */
  int number;
  /** The system call, or the audit request that the kernel refused. */
  std::string call;
};

[[noreturn]] void throwBadArgument(const std::string& message);
[[noreturn]] void throwSystemError(int number, const std::string& call);

}  // namespace godo

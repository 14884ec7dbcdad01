#include "errors.h"

#include <uv.h>

namespace godo {

void throwBadArgument(const std::string& message) {
  throw Failure("BAD_ARGUMENT", 0, "", message);
}

void throwSystemError(int number, const std::string& call) {
  char buffer[128];
  uv_err_name_r(-number, buffer, sizeof buffer);
  // libuv names only the numbers that it may meet itself.
  const std::string name = buffer[0] == 'E' ? buffer : "ERRNO_" + std::to_string(number);
  uv_strerror_r(-number, buffer, sizeof buffer);
  throw Failure(name, number, call, name + ": " + buffer + ", " + call);
}

}  // namespace godo

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace godo {

/**
 * Takes all capabilities but those of `kept` (a bit for each number of linux/capability.h) out of the bounding set, and
 * executes the program anew: what it then has, every thread of it has. The process keeps its id. Returns only where that
 * failed, by throwing Failure. Needs CAP_SETPCAP.
 */
void executeBounded(uint64_t kept, const std::vector<std::string>& argv);

/** Sends one datagram to a service manager's socket (sd_notify(3)); a path that begins with @ is of the abstract kind. */
void notifyService(const std::string& path, const std::string& text);

}  // namespace godo

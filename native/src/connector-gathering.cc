#include "connector-gathering.h"

#include <algorithm>
#include <cstring>

#include "connector.h"
#include "proc-directory.h"

namespace godo {

namespace {

constexpr uint32_t kindFork = 1, kindExec = 2;
constexpr uint32_t noProcess = 1;
/** Room for one receive: to make ready for more than mostly come costs more than the receive. */
constexpr size_t receiveBytes = 4 * fewConnectorMessages * connectorMessageBytes;

uint32_t wordAt(const uint8_t* memory, size_t offset) {
  uint32_t word;
  std::memcpy(&word, memory + offset, sizeof word);
  return word;
}

bool holds(const Texts& texts, const uint8_t* text, size_t length) {
  const uint8_t* at = texts.data;
  const uint8_t* const end = texts.data + texts.length;
  while (at < end) {
    const auto* const close = static_cast<const uint8_t*>(std::memchr(at, 0, static_cast<size_t>(end - at)));
    if (close == nullptr) return false;
    if (static_cast<size_t>(close - at) == length && std::memcmp(at, text, length) == 0) return true;
    at = close + 1;
  }
  return false;
}

Texts baseName(const Texts path) {
  const auto* const slash = static_cast<const uint8_t*>(memrchr(path.data, '/', path.length));
  if (slash == nullptr) return path;
  return {slash + 1, static_cast<size_t>(path.data + path.length - slash - 1)};
}

// Programs that execute a copy of themselves have no name then, but what they were called.
bool isInMemory(const Texts exe) {
  constexpr char start[] = "/memfd:";
  constexpr size_t length = sizeof start - 1;
  return exe.length >= length && std::memcmp(exe.data, start, length) == 0;
}

Texts firstOf(const Texts arguments) {
  const void* const end = std::memchr(arguments.data, 0, arguments.length);
  if (end == nullptr) return arguments;
  return {arguments.data, static_cast<size_t>(static_cast<const uint8_t*>(end) - arguments.data)};
}

class Gatherer {
 public:
  explicit Gatherer(const ConnectorGathering& given) : given_(given) {}

  ConnectorGathered run(NetlinkSocket& socket, const Deadline& deadline) {
    do {
      uint8_t* const batch = given_.messages + gathered_.messageBytes;
      const size_t room = std::min(given_.messageRoom - gathered_.messageBytes, receiveBytes);
      const int64_t bytes = receiveConnector(socket, batch, room, 0);
      gathered_.overran = bytes < 0;
      if (bytes < 0) break;
      gathered_.messageBytes += static_cast<size_t>(bytes);
      if (bytes > 0 && !look(batch, static_cast<size_t>(bytes) / connectorMessageBytes)) break;
    } while (given_.messageRoom - gathered_.messageBytes >= fewConnectorMessages * connectorMessageBytes &&
             socket.waitReadableUnlessWoken(deadline));
    return gathered_;
  }

 private:
  /** False where somebody has to look at once. */
  bool look(uint8_t* batch, size_t count) {
    if (count > fewConnectorMessages) return false;
    bool quiet = true;
    for (size_t index = 0; index < count; index++) quiet = lookAt(batch + index * connectorMessageBytes) && quiet;
    return quiet;
  }

  bool lookAt(uint8_t* message) {
    const uint32_t kind = wordAt(message, 0);
    if (kind == kindExec) return read(message, wordAt(message, 36), given_.execParts);
    if (kind != kindFork) return true;
    const uint32_t pid = wordAt(message, 40), tgid = wordAt(message, 44);
    return pid == tgid && read(message, tgid, given_.forkParts);
  }

  bool read(uint8_t* message, uint32_t tgid, uint32_t parts) {
    if (gathered_.readings >= given_.mostReadings || given_.readingRoom - used_ < processHeadBytes) return false;
    gathered_.readings++;
    const int process = openProcess(tgid);
    if (process < 0) {
      std::memcpy(message + 60, &noProcess, sizeof noProcess);
      return true;
    }
    uint8_t* const reading = given_.readings + used_;
    const int64_t bytes = readProcess(process, parts, reading, given_.readingRoom - used_);
    closeProcess(process);
    if (bytes < 0) return false;
    const auto place = static_cast<uint32_t>(used_);
    std::memcpy(message + 60, &place, sizeof place);
    used_ = std::min(given_.readingRoom, (used_ + static_cast<size_t>(bytes) + 7) & ~size_t{7});
    return isKnown(reading, static_cast<size_t>(bytes));
  }

  bool isKnown(const uint8_t* reading, size_t bytes) {
    // Memory that is shared may have been written over meanwhile.
    const auto textOf = [&](unsigned part) -> Texts {
      const size_t offset = std::min<size_t>(wordAt(reading, 24 + 8 * part), bytes);
      return {reading + offset, std::min<size_t>(wordAt(reading, 28 + 8 * part), bytes - offset)};
    };
    const uint32_t found = wordAt(reading, 16);
    if ((found & procExe) != 0) {
      Texts name = baseName(textOf(3));
      if ((name.length == 0 || isInMemory(textOf(3))) && (found & procCmdline) != 0) name = baseName(firstOf(textOf(2)));
      if (holds(given_.promptPrograms, name.data, name.length)) return false;
    }
    if ((found & procCgroup) == 0) return true;
    const Texts group = textOf(1);
    if (holds(given_.knownGroups, group.data, group.length)) return true;
    gathered_.metGroup = true;
    return false;
  }

  const ConnectorGathering& given_;
  ConnectorGathered gathered_;
  size_t used_ = firstReadingAt;
};

}  // namespace

ConnectorGathered gatherConnector(NetlinkSocket& socket, const ConnectorGathering& given, uint32_t timeoutMs) {
  return Gatherer(given).run(socket, Deadline(timeoutMs));
}

}  // namespace godo

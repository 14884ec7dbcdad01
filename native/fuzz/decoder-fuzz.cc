/**
 * What libFuzzer calls (`npm run fuzz:native`): everything native that reads what it was sent, without N-API and without a
 * socket. The first byte of an input says which and how, the second how the rest is cut; a broken promise of a decoder ends it
 * by abort(). GODO_FUZZ_TARGET keeps to one of them.
 */

#include <linux/cn_proc.h>
#include <linux/connector.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "../src/audit-control.h"
#include "../src/audit-decoder.h"
#include "../src/audit-receive.h"
#include "../src/connector.h"
#include "../src/errors.h"
#include "../src/proc-directory.h"
#include "../src/process-descriptors.h"
#include "../src/task-statistics.h"
#include "entries.h"

namespace {

using godo::AuditDecoder;
using godo::DecoderOptions;
using godo::DecoderProgress;
using godo::DecoderSource;
using godo::DecoderStop;

constexpr uint32_t x86_64 = 0xc000003e;
constexpr uint32_t i386 = 0x40000003;
constexpr size_t roomyBytes = godo::entryRoomBytes * 2;

/** Each number needs something else, so that the records of one kind are read in all ways; the usual ones as they are. */
void fillCalls(godo::CallTable& calls) {
  for (uint32_t number = 0; number < 470; number++) {
    const auto id = static_cast<uint8_t>(1 + number % 255);
    for (const uint32_t arch : {x86_64, i386, godo::uringArch}) {
      calls.add(arch, number, {id, static_cast<uint8_t>(number & godo::call_need::all)});
    }
  }
  namespace need = godo::call_need;
  const uint8_t opened = need::paths | need::cwd | need::success;
  calls.add(x86_64, 1, {9, need::success});
  calls.add(x86_64, 2, {2, opened});
  calls.add(x86_64, 3, {6, 0});
  calls.add(x86_64, 9, {36, need::success | need::bodies | need::mmap});
  calls.add(x86_64, 22, {25, need::success | need::bodies | need::fdPair});
  calls.add(x86_64, 59, {1, static_cast<uint8_t>(need::paths | need::cwd | need::execve)});
  calls.add(x86_64, 82, {64, static_cast<uint8_t>(need::paths | need::cwd | need::bodies)});
  calls.add(x86_64, 257, {3, opened});
  calls.add(x86_64, 437, {4, static_cast<uint8_t>(opened | need::openat2)});
  calls.setWatchKey("watched");
}

/** Without them every line is of one unknown type, which stands alone, and nothing is ever put together. */
void fillNames(godo::RecordTypeNames& names) {
  struct {
    const char* name;
    uint32_t number;
  } static constexpr all[] = {
      {"LOGIN", 1006},         {"USER_LOGIN", 1112},   {"SYSTEM_BOOT", 1127},    {"SYSTEM_SHUTDOWN", 1128},
      {"DAEMON_START", 1200},  {"DAEMON_END", 1201},   {"SYSCALL", 1300},        {"PATH", 1302},
      {"CONFIG_CHANGE", 1305}, {"SOCKADDR", 1306},     {"CWD", 1307},            {"EXECVE", 1309},
      {"KERNEL_OTHER", 1316},  {"TTY", 1319},          {"EOE", 1320},            {"MMAP", 1323},
      {"PROCTITLE", 1327},     {"FEATURE_CHANGE", 1328}, {"BPF", 1334},          {"URINGOP", 1336},
      {"OPENAT2", 1337},       {"AVC", 1400},          {"FD_PAIR", 1317},
  };
  for (const auto& type : all) names.add(type.name, type.number);
}

std::unique_ptr<AuditDecoder> decoderFor(DecoderSource source, uint8_t how) {
  DecoderOptions options;
  options.source = source;
  options.host = "host-1";
  options.reassembly.maxOpen = (how & 1) != 0 ? 3 : 16384;
  options.reassembly.timeIsTheEnd = source == DecoderSource::log;
  options.reassembly.watchSerials = source != DecoderSource::diag;
  options.reassembly.keepRecords = source != DecoderSource::log && (how & 2) != 0;
  options.mostLineBytes = (how & 4) != 0 ? 200 : size_t{16} << 20;
  auto decoder = std::make_unique<AuditDecoder>(options);
  fillCalls(decoder->calls());
  fillNames(decoder->names());
  return decoder;
}

void finish(AuditDecoder& decoder, Output& output, Told& told) {
  for (int round = 0; round < 10000; round++) {
    const DecoderProgress progress = decoder.finish(output.memory());
    output.take(progress, 0, told);
    if (progress.stop == DecoderStop::outputFull) continue;
    promise(progress.open == 0, "no event is left open");
    told.check();
    return;
  }
  promise(false, "it comes to its end");
}

struct Text {
  const uint8_t* data;
  size_t size;
};

/** Gives a text in pieces: what was not used is given again, with what follows. */
Told decodeText(DecoderSource source, uint8_t how, const Text& text, size_t piece, size_t room) {
  const auto decoder = decoderFor(source, how);
  Output output(room);
  Told told;
  size_t from = 0;
  for (size_t to = 0; ; ) {
    to = std::min(text.size, to + piece);
    const bool last = to == text.size;
    for (size_t round = 0;; round++) {
      promise(round <= text.size + 2, "each round takes something");
      const DecoderProgress progress = decoder->decodeText(text.data + from, to - from, last, output.memory());
      output.take(progress, to - from, told);
      from += progress.consumed;
      if (progress.stop != DecoderStop::outputFull) break;
    }
    if (last) break;
  }
  promise(from == text.size, "the whole text is used");
  finish(*decoder, output, told);
  return told;
}

/** What stands in a text, found in the simplest way. */
struct Lines {
  uint64_t all = 0;
  /** Ends of events: they are used up, and come out nowhere. */
  uint64_t ends = 0;
};

Lines linesOf(const Text& text, size_t mostLineBytes) {
  godo::RecordTypeNames names;
  fillNames(names);
  godo::LineReader reader(names);
  Lines lines;
  std::string_view rest(reinterpret_cast<const char*>(text.data), text.size);
  while (!rest.empty()) {
    const size_t feed = rest.find('\n');
    std::string_view line = rest.substr(0, feed);
    rest.remove_prefix(feed == std::string_view::npos ? rest.size() : feed + 1);
    if (line.size() > mostLineBytes) {
      line = line.substr(0, mostLineBytes);
    } else if (feed != std::string_view::npos && !line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
    }
    lines.all++;
    godo::Record record;
    std::string_view node;
    if (line.size() <= godo::largestRecordBytes && reader.read(line, record, node) == godo::RecordError::none &&
        record.type == godo::record_type::eoe) {
      lines.ends++;
    }
  }
  return lines;
}

void tryText(DecoderSource source, uint8_t how, uint8_t cut, const Text& text) {
  const Told whole = decodeText(source, how, text, text.size + 1, roomyBytes);
  if (cut >= 8) {
    const Told pieces = decodeText(source, how, text, size_t{cut} * 5, godo::entryRoomBytes + (cut & 1) * 65536);
    promise(whole.bytes == pieces.bytes && whole.records == pieces.records && whole.events == pieces.events,
            "a text tells the same however it is cut");
  }
  const Lines lines = linesOf(text, (how & 4) != 0 ? 200 : size_t{16} << 20);
  promise(whole.records == lines.all, "every line is counted");
  if (source == DecoderSource::log) {
    promise(whole.runEvents == static_cast<double>(whole.events), "every event is of a run");
  } else if ((how & 2) != 0) {
    promise(lines.all == whole.diagLines + whole.bodies + whole.bad + whole.late + lines.ends,
            "every line is told as what it is, or kept, or counted");
  }
}

/** Lines `TYPE PAYLOAD` (two bytes and the rest) as packed records. `ends`: how many are ends of events that can be read. */
std::vector<uint8_t> pack(const Text& text, uint64_t& ends) {
  std::vector<uint8_t> packed;
  for (size_t at = 0; at + 2 < text.size;) {
    const uint8_t* const payload = text.data + at + 2;
    const auto* feed = static_cast<const uint8_t*>(std::memchr(payload, '\n', text.size - at - 2));
    const size_t end = feed == nullptr ? text.size : static_cast<size_t>(feed - text.data);
    const size_t bytes = end - at - 2;
    const auto type = static_cast<uint16_t>(1300 + text.data[at] % 40);
    const godo::PackedHeader header{static_cast<uint32_t>(bytes), type, static_cast<uint16_t>(text.data[at + 1] & 1), 1};
    const size_t place = packed.size();
    packed.resize(place + ((sizeof header + bytes + 7) & ~size_t{7}));
    std::memcpy(packed.data() + place, &header, sizeof header);
    if (bytes > 0) std::memcpy(packed.data() + place + sizeof header, payload, bytes);
    godo::Record record;
    const std::string_view body(reinterpret_cast<const char*>(payload), bytes);
    if (type == godo::record_type::eoe && bytes <= godo::largestRecordBytes &&
        godo::readPayload(type, body, record) == godo::RecordError::none) {
      ends++;
    }
    at = end + 1;
  }
  return packed;
}

/** Records as packed by pack(), or the bytes as if they were packed. */
void tryRecords(uint8_t how, uint8_t cut, const Text& text) {
  const bool isPacked = (how & 4) != 0;
  uint64_t ends = 0;
  const std::vector<uint8_t> packed = isPacked ? std::vector<uint8_t>(text.data, text.data + text.size) : pack(text, ends);
  const auto decoder = decoderFor(DecoderSource::kernel, how);
  Output output(godo::entryRoomBytes);
  Told told;
  double nowMs = 0;
  size_t from = 0;
  for (size_t round = 0;; round++) {
    promise(round <= packed.size() + 2, "each round takes something");
    nowMs += cut * 20.0;
    const DecoderProgress progress = decoder->decodeRecords(packed.data() + from, packed.size() - from, output.memory(), nowMs);
    output.take(progress, packed.size() - from, told);
    from += progress.consumed;
    if (progress.stop != DecoderStop::outputFull) break;
  }
  finish(*decoder, output, told);
  if (isPacked) return;
  promise(from == packed.size(), "all records are used");
  if ((how & 2) != 0) {
    promise(told.records == told.bodies + told.bad + told.late + ends, "every record is of an event, or late, or bad");
    promise(told.eventEntries >= told.events, "every event is told");
  }
}

void tryConnector(uint8_t how, const Text& text) {
  std::vector<uint8_t> payload(text.data, text.data + text.size);
  // What is not of the proc connector is left at once: mostly it is.
  if ((how & 1) != 0 && text.size >= sizeof(cn_msg)) {
    const cb_id id{CN_IDX_PROC, CN_VAL_PROC};
    std::memcpy(payload.data(), &id, sizeof id);
  }
  std::vector<uint8_t> message(godo::connectorMessageBytes, 0xa5);
  const bool read = godo::decodeConnectorMessage(payload.data(), payload.size(), 1, message.data());
  promise(read || message == std::vector<uint8_t>(godo::connectorMessageBytes, 0xa5), "what is no message leaves nothing");
}

void tryStatistics(const Text& text) {
  const std::vector<uint8_t> payload(text.data, text.data + text.size);
  std::vector<uint8_t> record(godo::taskStatisticsBytes);
  if (!godo::decodeTaskStatistics(payload.data(), payload.size(), record.data())) return;
  uint32_t pid = 0;
  std::memcpy(&pid, record.data(), sizeof pid);
  promise(pid != 0, "statistics are of a task");
}

/** What /proc says of a process, where its name is for the process to choose, and what audit answers. */
void tryAnswers(uint8_t how, const Text& text) {
  std::vector<uint8_t> bytes(text.data, text.data + text.size);
  // Callers have memory also where nothing is in it.
  bytes.reserve(1);
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (how % 3 == 0) {
    godo::ProcStat stat;
    if (!godo::parseProcStat(bytes.data(), bytes.size(), stat)) return;
    promise(stat.comm >= bytes.data() && stat.comm + stat.commBytes <= bytes.data() + bytes.size(), "comm is of the text");
  } else if (how % 3 == 1) {
    uint32_t flags;
    godo::parseDescriptorFlags(all, flags);
  } else {
    try {
      godo::decodeAuditStatus(bytes.data(), bytes.size());
    } catch (const godo::Failure&) {
      promise(bytes.size() < 32, "an answer that is long enough is read");
    }
  }
}

constexpr size_t targets = 6;
int onlyTarget = -1;

}  // namespace

// errors.cc needs Node's libuv; without a socket only an answer that is too short throws.
void godo::throwBadArgument(const std::string& message) {
  throw Failure("BAD_ARGUMENT", 0, "", message);
}
void godo::throwSystemError(int number, const std::string& call) {
  throw Failure("SYSTEM", number, call, call);
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (const char* const target = std::getenv("GODO_FUZZ_TARGET")) onlyTarget = std::atoi(target);
  return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

/** As libFuzzer does it, but that an input stays with its target. */
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned) {
  const size_t mutated = LLVMFuzzerMutate(data, size, most);
  if (onlyTarget >= 0 && mutated > 0) data[0] = static_cast<uint8_t>((data[0] & ~7) | onlyTarget);
  return mutated;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t target = data[0] & 7;
  if (target >= targets || (onlyTarget >= 0 && target != static_cast<size_t>(onlyTarget))) return 0;
  const uint8_t how = data[0] >> 3;
  const uint8_t cut = data[1];
  const Text text{data + 2, size - 2};
  switch (target) {
    case 0: tryText(DecoderSource::log, how, cut, text); break;
    case 1: tryText(DecoderSource::diag, how, cut, text); break;
    case 2: tryRecords(how, cut, text); break;
    case 3: tryConnector(how, text); break;
    case 4: tryStatistics(text); break;
    default: tryAnswers(how, text); break;
  }
  return 0;
}

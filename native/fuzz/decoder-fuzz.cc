/**
 * What libFuzzer calls (`npm run fuzz:native`): everything native that reads what it was sent, without N-API and without a
 * socket. The first byte of an input says which and how, the second how the rest is cut; a broken promise of a decoder ends it
 * by abort().
 */

#include <linux/cn_proc.h>
#include <linux/connector.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "../src/audit-decoder.h"
#include "../src/audit-receive.h"
#include "../src/connector.h"
#include "../src/errors.h"
#include "../src/task-statistics.h"

namespace {

using godo::AuditDecoder;
using godo::DecoderOptions;
using godo::DecoderProgress;
using godo::DecoderSource;
using godo::DecoderStop;
using godo::OutputMemory;

constexpr uint32_t x86_64 = 0xc000003e;
constexpr uint32_t i386 = 0x40000003;
constexpr size_t guardBytes = 64;
constexpr uint8_t guard = 0xa5;

void promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

/** Memory of the size that callers must give at least, or more, with a guard behind it. */
class Output {
 public:
  explicit Output(size_t length) : length_(length), memory_((length + guardBytes) / 8) {
    std::memset(bytes() + length_, guard, guardBytes);
  }
  OutputMemory memory() { return {bytes(), length_}; }

  void check(const DecoderProgress& progress, size_t given) {
    promise(progress.consumed <= given, "no more is used than was given");
    promise(progress.written <= length_, "no more is written than there is room for");
    for (size_t at = 0; at < guardBytes; at++) promise(bytes()[length_ + at] == guard, "nothing is written behind the room");
    size_t at = 0;
    while (at < progress.written) {
      uint32_t entryBytes = 0;
      std::memcpy(&entryBytes, bytes() + at, sizeof entryBytes);
      promise(entryBytes >= 8 && entryBytes % 8 == 0, "an entry has its length");
      at += entryBytes;
    }
    promise(at == progress.written, "entries fill what is written");
  }

 private:
  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(memory_.data()); }
  size_t length_;
  std::vector<uint64_t> memory_;
};

/** Each number needs something else, so that the records of one kind are read in all ways; the usual ones as they are. */
void fillCalls(AuditDecoder& decoder) {
  for (uint32_t number = 0; number < 470; number++) {
    const auto id = static_cast<uint8_t>(1 + number % 255);
    for (const uint32_t arch : {x86_64, i386}) decoder.calls().add(arch, number, {id, static_cast<uint8_t>(number & godo::call_need::all)});
  }
  namespace need = godo::call_need;
  const uint8_t opened = need::paths | need::cwd | need::success;
  decoder.calls().add(x86_64, 1, {9, need::success});
  decoder.calls().add(x86_64, 2, {2, opened});
  decoder.calls().add(x86_64, 3, {6, 0});
  decoder.calls().add(x86_64, 59, {1, static_cast<uint8_t>(need::paths | need::cwd | need::execve)});
  decoder.calls().add(x86_64, 82, {64, static_cast<uint8_t>(need::paths | need::cwd | need::bodies)});
  decoder.calls().add(x86_64, 257, {3, opened});
  decoder.calls().add(x86_64, 437, {4, static_cast<uint8_t>(opened | need::openat2)});
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
  fillCalls(*decoder);
  return decoder;
}

void finish(AuditDecoder& decoder, Output& output) {
  for (int round = 0; round < 10000; round++) {
    const DecoderProgress progress = decoder.finish(output.memory());
    output.check(progress, 0);
    if (progress.stop != DecoderStop::outputFull) return;
  }
  promise(false, "it comes to its end");
}

/** Gives a text in pieces: what was not used is given again, with what follows. */
void decodeText(DecoderSource source, uint8_t how, uint8_t cut, const uint8_t* data, size_t size) {
  const auto decoder = decoderFor(source, how);
  Output output(godo::entryRoomBytes + (cut & 1) * 65536);
  const size_t piece = cut < 8 ? size + 1 : size_t{cut} * 5;
  size_t from = 0;
  for (size_t to = 0; ; ) {
    to = std::min(size, to + piece);
    const bool last = to == size;
    for (size_t round = 0;; round++) {
      promise(round <= size + 2, "each round takes something");
      const DecoderProgress progress = decoder->decodeText(data + from, to - from, last, output.memory());
      output.check(progress, to - from);
      from += progress.consumed;
      if (progress.stop != DecoderStop::outputFull) break;
    }
    if (last) break;
  }
  promise(from == size, "the whole text is used");
  finish(*decoder, output);
}

/** Lines `TYPE PAYLOAD` (two bytes and the rest) as packed records, or the bytes as if they were packed. */
void decodeRecords(uint8_t how, uint8_t cut, const uint8_t* data, size_t size) {
  const auto decoder = decoderFor(DecoderSource::kernel, how);
  Output output(godo::entryRoomBytes);
  std::vector<uint8_t> packed;
  if ((how & 4) != 0) {
    packed.assign(data, data + size);
  } else {
    for (size_t at = 0; at + 2 < size;) {
      const auto* feed = static_cast<const uint8_t*>(std::memchr(data + at + 2, '\n', size - at - 2));
      const size_t end = feed == nullptr ? size : static_cast<size_t>(feed - data);
      const size_t bytes = end - at - 2;
      const godo::PackedHeader header{static_cast<uint32_t>(bytes), static_cast<uint16_t>(1300 + data[at] % 40), static_cast<uint16_t>(data[at + 1] & 1), 1};
      const size_t place = packed.size();
      packed.resize(place + ((sizeof header + bytes + 7) & ~size_t{7}));
      std::memcpy(packed.data() + place, &header, sizeof header);
      std::memcpy(packed.data() + place + sizeof header, data + at + 2, bytes);
      at = end + 1;
    }
  }
  double nowMs = 0;
  size_t from = 0;
  for (size_t round = 0;; round++) {
    promise(round <= packed.size() + 2, "each round takes something");
    nowMs += cut * 20.0;
    const DecoderProgress progress = decoder->decodeRecords(packed.data() + from, packed.size() - from, output.memory(), nowMs);
    output.check(progress, packed.size() - from);
    from += progress.consumed;
    if (progress.stop != DecoderStop::outputFull) break;
  }
  finish(*decoder, output);
}

void decodeConnector(uint8_t how, const uint8_t* data, size_t size) {
  std::vector<uint8_t> payload(data, data + size);
  // What is not of the proc connector is left at once: mostly it is.
  if ((how & 1) != 0 && size >= sizeof(cn_msg)) {
    const cb_id id{CN_IDX_PROC, CN_VAL_PROC};
    std::memcpy(payload.data(), &id, sizeof id);
  }
  std::vector<uint8_t> message(godo::connectorMessageBytes);
  godo::decodeConnectorMessage(payload.data(), payload.size(), 1, message.data());
}

void decodeStatistics(const uint8_t* data, size_t size) {
  const std::vector<uint8_t> payload(data, data + size);
  std::vector<uint8_t> record(godo::taskStatisticsBytes);
  godo::decodeTaskStatistics(payload.data(), payload.size(), record.data());
}

}  // namespace

// errors.cc needs Node's libuv; without a socket nothing throws.
void godo::throwBadArgument(const std::string& message) {
  throw Failure("BAD_ARGUMENT", 0, "", message);
}
void godo::throwSystemError(int number, const std::string& call) {
  throw Failure("SYSTEM", number, call, call);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const uint8_t how = data[0] >> 3;
  const uint8_t cut = data[1];
  const uint8_t* const rest = data + 2;
  const size_t left = size - 2;
  switch (data[0] & 7) {
    case 0: decodeText(DecoderSource::log, how, cut, rest, left); break;
    case 1: decodeText(DecoderSource::diag, how, cut, rest, left); break;
    case 2: decodeRecords(how, cut, rest, left); break;
    case 3: decodeConnector(how, rest, left); break;
    case 4: decodeStatistics(rest, left); break;
    default: break;
  }
  return 0;
}

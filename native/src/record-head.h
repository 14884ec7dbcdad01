#pragma once

#include <cstdint>
#include <string_view>

#include "record-types.h"

namespace godo {

/** What identifies an event: ms since the epoch and serial. */
struct Stamp {
  int64_t ms = 0;
  uint32_t serial = 0;

  bool operator==(const Stamp& other) const { return ms == other.ms && serial == other.serial; }
};

/** Why a record or line could not be read. The numbers are those of a *bad* entry in index.d.ts. */
enum class RecordError : uint8_t {
  none = 0,
  noStamp = 1,
  stampNotComplete = 2,
  stampNotANumber = 3,
  nodeAlone = 4,
  noType = 5,
  noMessage = 6,
  unknownType = 7,
  tooLong = 8,
  tooManyHosts = 9,
};

/** Longer than any record: the kernel's have at most 8,970 bytes, a line of an ENRICHED log some hundred more. */
constexpr size_t largestRecordBytes = 65536;

/** One record: its head, and the body, which is looked at only when somebody wants it. */
struct Record {
  uint32_t type = 0;
  Stamp stamp;
  /** What follows the stamp's `)`. */
  std::string_view rest;
  /** In a log, auditd's interpretation may follow 0x1d: it is no part of the body. */
  bool enriched = false;

  /** Without the colon and the blanks before it, and without what ends the message. */
  std::string_view body() const;
};

/** Reads `audit(SECONDS.MMM:SERIAL)`, as audit_log_format of kernel/audit.c begins a message. `end`: behind the `)`. */
RecordError readStamp(std::string_view text, Stamp& stamp, size_t& end);

/** Reads the payload of an audit message. */
RecordError readPayload(uint32_t type, std::string_view payload, Record& record);

/** Reads lines of an audit.log: `[node=HOST ]type=NAME msg=audit(…): BODY`. */
class LineReader {
 public:
  explicit LineReader(const RecordTypeNames& names) : names_(names) {}
  /** `node`: the host of a `node=` prefix; its data() is null where there is none. */
  RecordError read(std::string_view line, Record& record, std::string_view& node);

 private:
  RecordError readStampOfLine(std::string_view message, Record& record);

  const RecordTypeNames& names_;
  /** The stamp of the line before: most lines carry the same one again. */
  char lastText_[56] = {};
  size_t lastLength_ = 0;
  Stamp last_;
};

}  // namespace godo

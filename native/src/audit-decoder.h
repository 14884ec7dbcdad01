#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host-log.h"
#include "reassembler.h"
#include "record-head.h"
#include "record-types.h"

namespace godo {

/** What the records come from. */
enum class DecoderSource {
  /** The kernel: records as receiveAudit packs them. */
  kernel,
  /** The text of an audit.log that auditd wrote, of any hosts and boots. */
  log,
  /** The text of a --diag file. */
  diag,
};

struct DecoderOptions {
  DecoderSource source = DecoderSource::kernel;
  ReassemblerOptions reassembly;
  /** Longer lines of text are taken cut off. */
  size_t mostLineBytes = size_t{16} << 20;
  /** Name of the host where a log has no `node=`. */
  std::string host;
};

/** Why a call returned. The numbers stand in index.d.ts. */
enum class DecoderStop : uint8_t { inputUsed = 0, atMark = 1, outputFull = 2 };

/** What one call did. */
struct DecoderProgress {
  size_t consumed = 0;
  size_t written = 0;
  DecoderStop stop = DecoderStop::inputUsed;
  /** Records, or lines of text. */
  uint64_t records = 0;
  uint64_t events = 0;
  uint64_t truncated = 0;
  uint64_t bad = 0;
  /** Events not yet whole after the call. */
  size_t open = 0;
  /** CLOCK_MONOTONIC ns at which the last packed record arrived; 0: none was read. */
  uint64_t arrivalNs = 0;
  /** Of the packed records, those that tell of a change of audit's settings or rules. */
  uint64_t configChanges = 0;
  uint64_t roleRequests = 0;
  /** Of the events that were over, those of which records are known to be missing, and how many. */
  uint64_t incompleteEvents = 0;
  uint64_t missingRecords = 0;
  /** Of packed records, once there were any. */
  struct Serials {
    uint32_t first;
    uint32_t highest;
    /** From the first up to this one every event is in the output by now, or that it never came. */
    uint32_t settled;
  };
  std::optional<Serials> serials;
};

/** Where a call may write. `memory` is aligned to 8, `length` at least entryRoomBytes. */
struct OutputMemory {
  uint8_t* memory;
  size_t length;
};

/** From records to entries. See AuditDecoder in index.d.ts. Not for two threads at once. */
class AuditDecoder : private ReassemblyOutput {
 public:
  /** `calls` and `names` may be filled until the first record. */
  explicit AuditDecoder(DecoderOptions options);
  ~AuditDecoder() override;

  CallTable& calls() { return parts_.calls; }
  RecordTypeNames& names() { return names_; }
  DecoderSource source() const { return options_.source; }
  /** Of the kernel's records: see Reassembler. */
  void noteOverrun() { reassembler_->noteOverrun(); }
  /** finish() was called: there is no more input. */
  bool isFinished() const { return finished_; }

  DecoderProgress decodeRecords(const uint8_t* memory, size_t length, OutputMemory output, double nowMs);
  /** `last`: the text ends here, also without a line feed. */
  DecoderProgress decodeText(const uint8_t* memory, size_t length, bool last, OutputMemory output);
  /** To be called until it does not stop at outputFull. */
  DecoderProgress finish(OutputMemory output);

 private:
  struct Host {
    std::string name;
    std::unique_ptr<HostLog> log;
  };

  void event(PendingEvent* event, Incomplete incomplete) override;
  void gap(const SerialGap& gap) override;
  void late(const Record& record) override;

  void begin(OutputMemory output);
  DecoderProgress end(DecoderProgress progress, DecoderStop stop);
  void packedRecord(uint32_t type, std::string_view payload, double nowMs);
  void line(std::string_view line);
  void diagLine(std::string_view line);
  void logRecord(const Record& record, std::string_view node, std::string_view line);
  Host* hostNamed(std::string_view name);
  void countMissing(const PendingEvent& event, Incomplete incomplete);
  void bad(RecordError error, uint32_t type, std::string_view bytes);

  const DecoderOptions options_;
  RecordTypeNames names_;
  LineReader lines_{names_};
  DecoderParts parts_;
  /** Of the kernel and of a --diag file; a log has one for each boot of each host. */
  std::unique_ptr<Reassembler> reassembler_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::map<std::string, Host*, std::less<>> hostsByName_;
  Host* lastHost_ = nullptr;
  uint32_t runs_ = 0;
  uint64_t lineNumber_ = 0;
  uint64_t bad_ = 0;
  uint64_t incompleteEvents_ = 0;
  uint64_t missingRecords_ = 0;
  RecordsThatCome come_;
  std::optional<uint32_t> settled_;
  double nowMs_ = 0;
  /** The rest of a line that was too long is passed over. */
  bool skipping_ = false;
  bool finished_ = false;
};

}  // namespace godo

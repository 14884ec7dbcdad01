#include "audit-decoder.h"

#include <cstring>

#include "audit-receive.h"

namespace godo {

namespace {

/** Types from here on are no records but marks between them. */
constexpr uint32_t firstMark = 0xfff0;
constexpr size_t mostHosts = 4096;
constexpr size_t pieceBytes = 65536;
constexpr std::string_view diagPrefix = "type=GODO_";
constexpr std::string_view incompletePrefix = "type=GODO_INCOMPLETE msg=";
constexpr uint8_t pieceContinues = 1;

/** Answers to our own requests are no records (NLMSG_ERROR, AUDIT_GET and the like), nor is the kernel's trial. */
bool isRecord(uint32_t type) {
  return (type >= record_type::firstUserMessage || type == record_type::login) && type != record_type::replace;
}

/** What JavaScript's trim() leaves nothing of, and the rule that ausearch prints between events. */
bool isEmptyLine(std::string_view line) {
  if (line == "----") return true;
  for (const char character : line) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte != ' ' && (byte < '\t' || byte > '\r') && byte != 0xa0) return false;
  }
  return true;
}

}  // namespace

AuditDecoder::AuditDecoder(DecoderOptions options) : options_(std::move(options)) {
  if (options_.source != DecoderSource::log) {
    ReassemblyOutput& output = *this;
    reassembler_ = std::make_unique<Reassembler>(options_.reassembly, parts_.calls, parts_.pool, output);
  }
}

AuditDecoder::~AuditDecoder() = default;

void AuditDecoder::begin(OutputMemory output) {
  parts_.output.begin(output.memory, output.length);
  parts_.events = 0;
  bad_ = incompleteEvents_ = missingRecords_ = 0;
}

DecoderProgress AuditDecoder::end(DecoderProgress progress, DecoderStop stop) {
  progress.stop = parts_.output.kept() ? DecoderStop::outputFull : stop;
  progress.written = parts_.output.written();
  progress.events = parts_.events;
  progress.bad = bad_;
  progress.incompleteEvents = incompleteEvents_;
  progress.missingRecords = missingRecords_;
  if (reassembler_ != nullptr) progress.open = reassembler_->open();
  for (const auto& host : hosts_) progress.open += host->log == nullptr ? 0 : host->log->open();
  if (options_.source == DecoderSource::kernel && reassembler_->serials().any()) {
    const SerialWatch& serials = reassembler_->serials();
    uint32_t settled = settled_.value_or(serials.first() - 1);
    // What is kept is in no output yet. Of what was told to be missing something may come late.
    if (!parts_.output.kept() && reassembler_->fewAreOpen()) {
      const uint32_t now = reassembler_->settledSerial();
      if (serialDistance(settled, now) > 0) settled = now;
    }
    settled_ = settled;
    progress.serials = {serials.first(), serials.highest(), settled};
  }
  parts_.output.end();
  return progress;
}

DecoderProgress AuditDecoder::decodeRecords(const uint8_t* memory, size_t length, OutputMemory output, double nowMs) {
  begin(output);
  nowMs_ = nowMs;
  DecoderProgress progress;
  DecoderStop stop = DecoderStop::inputUsed;
  while (length - progress.consumed >= sizeof(PackedHeader)) {
    if (parts_.output.full()) {
      stop = DecoderStop::outputFull;
      break;
    }
    PackedHeader header;
    std::memcpy(&header, memory + progress.consumed, sizeof header);
    if (header.type >= firstMark) {
      stop = DecoderStop::atMark;
      break;
    }
    const size_t bytes = padded(sizeof header + size_t{header.payloadBytes});
    if (bytes > length - progress.consumed) break;
    const char* payload = reinterpret_cast<const char*>(memory) + progress.consumed + sizeof header;
    progress.consumed += bytes;
    progress.arrivalNs = header.arrivalNs;
    if (header.type == record_type::replace) progress.roleRequests++;
    if (!isRecord(header.type)) continue;
    progress.records++;
    if (header.flags != 0) progress.truncated++;
    if (header.type == record_type::configChange) progress.configChanges++;
    packedRecord(header.type, {payload, header.payloadBytes}, nowMs);
  }
  reassembler_->expire(nowMs);
  return end(progress, stop);
}

void AuditDecoder::packedRecord(uint32_t type, std::string_view payload, double nowMs) {
  Record record;
  const RecordError error =
      payload.size() > largestRecordBytes ? RecordError::tooLong : readPayload(type, payload, record);
  if (error == RecordError::none) {
    reassembler_->push(record, nowMs);
  } else {
    bad(error, type, payload);
  }
}

DecoderProgress AuditDecoder::decodeText(const uint8_t* memory, size_t length, bool last, OutputMemory output) {
  begin(output);
  const std::string_view text(reinterpret_cast<const char*>(memory), length);
  DecoderProgress progress;
  DecoderStop stop = DecoderStop::inputUsed;
  const uint64_t linesBefore = lineNumber_;
  while (progress.consumed < length) {
    if (parts_.output.full()) {
      stop = DecoderStop::outputFull;
      break;
    }
    const std::string_view rest = text.substr(progress.consumed);
    const void* feed = std::memchr(rest.data(), '\n', rest.size());
    if (feed == nullptr && !last && rest.size() <= options_.mostLineBytes) {
      if (skipping_) progress.consumed = length;
      break;
    }
    std::string_view whole = rest;
    if (feed != nullptr) whole = rest.substr(0, static_cast<size_t>(static_cast<const char*>(feed) - rest.data()));
    progress.consumed += whole.size() + (feed == nullptr ? 0 : 1);
    const bool skipped = skipping_;
    // A line that is too long is taken as soon as that is known; its rest follows with the next text.
    skipping_ = feed == nullptr && !last;
    if (skipped) continue;
    if (whole.size() > options_.mostLineBytes) {
      whole = whole.substr(0, options_.mostLineBytes);
    } else if (feed != nullptr && !whole.empty() && whole.back() == '\r') {
      whole.remove_suffix(1);
    }
    line(whole);
  }
  progress.records = lineNumber_ - linesBefore;
  return end(progress, stop);
}

void AuditDecoder::line(std::string_view line) {
  lineNumber_++;
  if (options_.source == DecoderSource::diag) {
    if (line.substr(0, diagPrefix.size()) == diagPrefix) {
      diagLine(line);
      return;
    }
  } else if (isEmptyLine(line)) {
    return;
  }
  Record record;
  std::string_view node;
  const RecordError error = line.size() > largestRecordBytes ? RecordError::tooLong : lines_.read(line, record, node);
  if (error != RecordError::none) {
    bad(error, 0, line);
  } else if (options_.source == DecoderSource::diag) {
    reassembler_->push(record, 0);
  } else {
    logRecord(record, node, line);
  }
}

void AuditDecoder::diagLine(std::string_view line) {
  std::string_view rest = line;
  do {
    const std::string_view piece = rest.substr(0, pieceBytes);
    rest.remove_prefix(piece.size());
    Entry entry = parts_.output.add(EntryKind::diagLine, 24 + piece.size(), rest.empty() ? 0 : pieceContinues);
    entry.f64(8, static_cast<double>(lineNumber_));
    entry.u32(16, static_cast<uint32_t>(piece.size()));
    entry.bytes(24, piece.data(), piece.size());
  } while (!rest.empty());
  if (line.substr(0, incompletePrefix.size()) != incompletePrefix) return;
  Stamp stamp;
  size_t end = 0;
  if (readStamp(line.substr(incompletePrefix.size()), stamp, end) == RecordError::none) {
    reassembler_->end(stamp, Incomplete::told);
  }
}

AuditDecoder::Host* AuditDecoder::hostNamed(std::string_view name) {
  if (lastHost_ != nullptr && lastHost_->name == name) return lastHost_;
  const auto found = hostsByName_.find(name);
  if (found != hostsByName_.end()) return lastHost_ = found->second;
  if (hosts_.size() == mostHosts) return nullptr;
  hosts_.push_back(std::make_unique<Host>(Host{std::string(name), nullptr}));
  lastHost_ = hosts_.back().get();
  hostsByName_.emplace(lastHost_->name, lastHost_);
  return lastHost_;
}

void AuditDecoder::logRecord(const Record& record, std::string_view node, std::string_view line) {
  Host* host = hostNamed(node.data() == nullptr ? std::string_view(options_.host) : node);
  if (host == nullptr) {
    bad(RecordError::tooManyHosts, 0, line);
    return;
  }
  if (host->log != nullptr && host->log->isOver(record)) {
    host->log->finish(RunEnd::reboot);
    host->log = nullptr;
  }
  if (host->log == nullptr) {
    host->log = std::make_unique<HostLog>(++runs_, host->name, record, options_.reassembly, parts_);
  }
  host->log->push(record);
}

void AuditDecoder::bad(RecordError error, uint32_t type, std::string_view bytes) {
  bad_++;
  parts_.encoder.bad(error, type, static_cast<double>(lineNumber_), bytes);
}

DecoderProgress AuditDecoder::finish(OutputMemory output) {
  begin(output);
  if (!finished_) {
    finished_ = true;
    if (reassembler_ != nullptr) reassembler_->finish();
    if (options_.source == DecoderSource::log) {
      const HostLog* first = hosts_.empty() ? nullptr : hosts_.front()->log.get();
      Entry entry = parts_.output.add(EntryKind::inputEnd, 24);
      entry.u32(8, first == nullptr ? 0 : first->run());
      entry.f64(16, first == nullptr ? 0 : static_cast<double>(first->latestMs()));
    }
    for (const auto& host : hosts_) {
      if (host->log != nullptr) host->log->finish(RunEnd::endOfInput);
    }
  }
  return end({}, DecoderStop::inputUsed);
}

void AuditDecoder::event(PendingEvent* event, Incomplete incomplete) {
  if (event == nullptr || !event->isLost()) parts_.events++;
  if (event == nullptr) return;
  event->noteRecords(come_);
  countMissing(*event, incomplete);
  if (event->isOfInterest() || options_.reassembly.keepRecords) parts_.encoder.event(*event, incomplete);
  parts_.pool.give(event);
}

void AuditDecoder::countMissing(const PendingEvent& event, Incomplete incomplete) {
  // Of one that had to go too early the rest may still come; what a --diag file says of one was counted when it was made.
  if (incomplete == Incomplete::crowded || incomplete == Incomplete::told || event.lacksItsFirst()) return;
  const bool endIsMissing = incomplete != Incomplete::no && incomplete != Incomplete::torn;
  const unsigned missing = event.missingRecords(come_) + (endIsMissing ? 1 : 0);
  if (missing == 0) return;
  incompleteEvents_++;
  missingRecords_ += missing;
}

void AuditDecoder::gap(const SerialGap& gap) {
  parts_.encoder.gap(gap);
}

void AuditDecoder::late(const Record& record) {
  parts_.encoder.late(record, nowMs_);
}

}  // namespace godo

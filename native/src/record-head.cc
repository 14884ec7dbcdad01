#include "record-head.h"

#include <cstring>

namespace godo {

namespace {

constexpr char enrichmentMark = 0x1d;
constexpr std::string_view stampBegin = "audit(";
constexpr std::string_view messageBegin = "msg=";
constexpr size_t mostDigits = 15;
/** Documents have ns in 64 bits: one damaged line must not make a moment that none can hold (from the year 2262 on). */
constexpr uint64_t mostSeconds = static_cast<uint64_t>(INT64_MAX / 1000000000) - 1;

/** Decimal digits from `at` on, at most mostDigits of them; how many there are. */
size_t readDigits(std::string_view text, size_t at, uint64_t& value) {
  value = 0;
  const size_t end = text.size() - at > mostDigits ? at + mostDigits : text.size();
  size_t to = at;
  while (to < end) {
    const unsigned digit = static_cast<unsigned char>(text[to]) - unsigned{'0'};
    if (digit > 9) break;
    value = value * 10 + digit;
    to++;
  }
  return to - at;
}

bool readWholeStamp(std::string_view text, Stamp& stamp, size_t& end) {
  uint64_t seconds;
  uint64_t millis;
  uint64_t serial;
  size_t at = stampBegin.size();
  size_t digits = readDigits(text, at, seconds);
  at += digits;
  if (digits == 0 || at >= text.size() || text[at] != '.' || seconds > mostSeconds) return false;
  at++;
  if (readDigits(text, at, millis) != 3) return false;
  at += 3;
  if (at >= text.size() || text[at] != ':') return false;
  at++;
  digits = readDigits(text, at, serial);
  at += digits;
  if (digits == 0 || at >= text.size() || text[at] != ')' || serial > UINT32_MAX) return false;
  stamp.ms = static_cast<int64_t>(seconds * 1000 + millis);
  stamp.serial = static_cast<uint32_t>(serial);
  end = at + 1;
  return true;
}

}  // namespace

RecordError readStamp(std::string_view text, Stamp& stamp, size_t& end) {
  if (text.substr(0, stampBegin.size()) != stampBegin) return RecordError::noStamp;
  if (readWholeStamp(text, stamp, end)) return RecordError::none;
  size_t at = text.find('.', stampBegin.size());
  if (at != std::string_view::npos) at = text.find(':', at);
  if (at != std::string_view::npos) at = text.find(')', at);
  return at == std::string_view::npos ? RecordError::stampNotComplete : RecordError::stampNotANumber;
}

RecordError readPayload(uint32_t type, std::string_view payload, Record& record) {
  size_t end = 0;
  const RecordError error = readStamp(payload, record.stamp, end);
  if (error != RecordError::none) return error;
  record.type = type;
  record.rest = payload.substr(end);
  record.enriched = false;
  return RecordError::none;
}

std::string_view Record::body() const {
  std::string_view text = rest;
  if (enriched) {
    if (const void* mark = text.empty() ? nullptr : std::memchr(text.data(), enrichmentMark, text.size())) {
      text = text.substr(0, static_cast<size_t>(static_cast<const char*>(mark) - text.data()));
    }
  }
  if (!text.empty() && text.front() == ':') text.remove_prefix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

RecordError LineReader::read(std::string_view line, Record& record, std::string_view& node) {
  std::string_view text = line;
  node = {};
  if (text.substr(0, 5) == "node=") {
    const size_t blank = text.find(' ');
    if (blank == std::string_view::npos) return RecordError::nodeAlone;
    node = text.substr(5, blank - 5);
    text.remove_prefix(blank + 1);
  }
  if (text.substr(0, 5) != "type=") return RecordError::noType;
  const size_t blank = text.find(' ');
  if (blank == std::string_view::npos || text.substr(blank + 1, messageBegin.size()) != messageBegin) {
    return RecordError::noMessage;
  }
  const auto type = names_.find(text.substr(5, blank - 5));
  if (!type) return RecordError::unknownType;
  record.type = *type;
  record.enriched = true;
  return readStampOfLine(text.substr(blank + 1 + messageBegin.size()), record);
}

RecordError LineReader::readStampOfLine(std::string_view message, Record& record) {
  if (lastLength_ > 0 && message.size() >= lastLength_ && std::memcmp(message.data(), lastText_, lastLength_) == 0) {
    record.stamp = last_;
    record.rest = message.substr(lastLength_);
    return RecordError::none;
  }
  size_t end = 0;
  RecordError error = readStamp(message, record.stamp, end);
  if (error != RecordError::none) {
    // What stands behind the mark does not complete a stamp.
    const size_t mark = message.find(enrichmentMark);
    return mark == std::string_view::npos ? error : readStamp(message.substr(0, mark), record.stamp, end);
  }
  record.rest = message.substr(end);
  if (end <= sizeof lastText_) {
    std::memcpy(lastText_, message.data(), end);
    lastLength_ = end;
    last_ = record.stamp;
  }
  return RecordError::none;
}

}  // namespace godo

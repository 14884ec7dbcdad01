#include "event-encoder.h"

#include <cstring>

#include "record-fields.h"

namespace godo {

namespace {

constexpr size_t eventHeadBytes = 56;
constexpr size_t badMostBytes = 200;

constexpr uint8_t eventSucceeded = 1;
constexpr uint8_t eventStandsAlone = 2;
constexpr uint8_t eventItemsLeftOut = 4;
constexpr uint8_t eventByUring = 8;
constexpr uint8_t eventWatched = 16;
constexpr uint8_t textIsTidyPath = 1;

}  // namespace

void EventEncoder::speakOf(TextEpoch& epoch) {
  if (spoken_ == epoch.number) return;
  if (spoken_ != 0) output_.add(EntryKind::reset, 8);
  spoken_ = epoch.number;
  epoch.forgetWritten();
}

void EventEncoder::text(TextEpoch& epoch, uint32_t id) {
  if (id == 0 || !epoch.toBeWritten(id)) return;
  const std::string_view text = epoch.textOf(id);
  Entry entry = output_.add(EntryKind::text, 16 + text.size(), isTidyPath(text) ? textIsTidyPath : 0);
  entry.u32(8, id);
  entry.u32(12, static_cast<uint32_t>(text.size()));
  entry.bytes(16, text.data(), text.size());
}

void EventEncoder::caller(TextEpoch& epoch, uint32_t id) {
  if (id == 0) return;
  Caller& caller = epoch.callerOf(id);
  if (caller.written) return;
  caller.written = true;
  text(epoch, caller.tty);
  text(epoch, caller.comm);
  text(epoch, caller.exe);
  Entry entry = output_.add(EntryKind::caller, 80);
  entry.u32(8, id);
  entry.u32(12, caller.tty);
  entry.u32(16, caller.comm);
  entry.u32(20, caller.exe);
  entry.bytes(24, caller.ids, sizeof caller.ids);
}

void EventEncoder::body(uint32_t type, std::string_view bytes) {
  Entry entry = output_.add(EntryKind::body, 16 + bytes.size());
  entry.u32(8, type);
  entry.u32(12, static_cast<uint32_t>(bytes.size()));
  entry.bytes(16, bytes.data(), bytes.size());
}

void EventEncoder::event(const PendingEvent& event, Incomplete incomplete) {
  event.eachBody([this](uint32_t type, std::string_view bytes) { body(type, bytes); });
  const std::string_view items = event.items();
  if (TextEpoch* const epoch = event.epoch()) {
    speakOf(*epoch);
    caller(*epoch, event.caller());
    text(*epoch, event.cwd());
    for (size_t at = 0; at < items.size();) {
      ItemHead item;
      std::memcpy(&item, items.data() + at, sizeof item);
      text(*epoch, item.dev);
      if ((item.flags & item_flag::inodeText) != 0) text(*epoch, static_cast<uint32_t>(item.inode));
      at += item.bytes;
    }
  }
  const uint8_t flags = static_cast<uint8_t>((event.success() ? eventSucceeded : 0) |
                                             (event.standsAlone() ? eventStandsAlone : 0) |
                                             (event.itemsLeftOut() ? eventItemsLeftOut : 0) |
                                             (event.byUring() ? eventByUring : 0) | (event.watched() ? eventWatched : 0));
  Entry entry = output_.add(EntryKind::event, eventHeadBytes + items.size(), flags);
  entry.u8(6, static_cast<uint8_t>(incomplete));
  entry.u8(7, event.argumentsKnown());
  entry.f64(8, static_cast<double>(event.stamp().ms));
  entry.u32(16, event.stamp().serial);
  entry.u32(20, event.caller());
  entry.f64(24, event.exit());
  entry.bytes(32, event.arguments(), 16);
  entry.u8(48, event.call().id);
  entry.u16(50, static_cast<uint16_t>(event.itemCount()));
  entry.u32(52, event.cwd());
  entry.bytes(eventHeadBytes, items.data(), items.size());
}

void EventEncoder::gap(const SerialGap& gap) {
  Entry entry = output_.add(EntryKind::gap, 24);
  entry.u32(8, gap.from);
  entry.u32(12, gap.to);
  entry.f64(16, static_cast<double>(gap.count()));
}

void EventEncoder::late(const Record& record, double clockMs) {
  Entry entry = output_.add(EntryKind::late, 32);
  entry.u32(8, record.type);
  entry.u32(12, record.stamp.serial);
  entry.f64(16, static_cast<double>(record.stamp.ms));
  entry.f64(24, clockMs);
}

void EventEncoder::bad(RecordError error, uint32_t type, double position, std::string_view bytes) {
  bytes = bytes.substr(0, badMostBytes);
  Entry entry = output_.add(EntryKind::bad, 24 + bytes.size(), static_cast<uint8_t>(error));
  entry.u32(8, type);
  entry.u32(12, static_cast<uint32_t>(bytes.size()));
  entry.f64(16, position);
  entry.bytes(24, bytes.data(), bytes.size());
}

}  // namespace godo

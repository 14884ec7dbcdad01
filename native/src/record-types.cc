#include "record-types.h"

namespace godo {

namespace {

constexpr std::string_view unknownBegin = "UNKNOWN[";
constexpr size_t unknownMostDigits = 5;

std::optional<uint32_t> unknownNumber(std::string_view name) {
  if (name.size() <= unknownBegin.size() + 1 || name.size() > unknownBegin.size() + unknownMostDigits + 1) return {};
  if (name.substr(0, unknownBegin.size()) != unknownBegin || name.back() != ']') return {};
  uint32_t number = 0;
  for (const char digit : name.substr(unknownBegin.size(), name.size() - unknownBegin.size() - 1)) {
    if (digit < '0' || digit > '9') return {};
    number = number * 10 + static_cast<uint32_t>(digit - '0');
  }
  return number;
}

bool isWellFormed(std::string_view name) {
  if (name.size() < 2 || name[0] < 'A' || name[0] > 'Z') return false;
  for (const char character : name) {
    const bool allowed = (character >= 'A' && character <= 'Z') || (character >= '0' && character <= '9') || character == '_';
    if (!allowed) return false;
  }
  return true;
}

/** Names are short, and differ at their ends. */
size_t hashName(std::string_view name) {
  if (name.empty()) return 0;
  const auto at = [name](size_t index) { return static_cast<unsigned char>(name[index]); };
  return name.size() * 3 + at(0) * 5 + at(name.size() / 2) * 17 + at(name.size() - 1) * 29;
}

}  // namespace

RecordTypeNames::RecordTypeNames() : slots_(256) {}

void RecordTypeNames::grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (uint32_t index = 0; index < entries_.size(); index++) {
    size_t slot = hashName(entries_[index].name) & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = index + 1;
  }
}

void RecordTypeNames::add(std::string_view name, uint32_t number) {
  entries_.push_back({std::string(name), number});
  // Half empty at least; grow() also places the new entry.
  if (entries_.size() * 2 > slots_.size()) {
    grow();
    return;
  }
  size_t slot = hashName(name) & (slots_.size() - 1);
  while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
  slots_[slot] = static_cast<uint32_t>(entries_.size());
}

std::optional<uint32_t> RecordTypeNames::find(std::string_view name) const {
  size_t slot = hashName(name) & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    const Entry& entry = entries_[slots_[slot] - 1];
    if (entry.name == name) return entry.number;
  }
  if (const auto number = unknownNumber(name)) return number;
  if (isWellFormed(name)) return record_type::unnamed;
  return {};
}

}  // namespace godo

#include "record-fields.h"

#include <array>
#include <cstring>

namespace godo {

namespace {

constexpr uint8_t noDigit = 0xff;

constexpr std::array<uint8_t, 256> hexDigits() {
  std::array<uint8_t, 256> digits{};
  for (auto& digit : digits) digit = noDigit;
  for (uint8_t value = 0; value < 10; value++) digits['0' + value] = value;
  for (uint8_t value = 0; value < 6; value++) digits['a' + value] = digits['A' + value] = static_cast<uint8_t>(10 + value);
  return digits;
}

constexpr auto hexDigit = hexDigits();

TextState appendHex(std::string_view value, std::string& to) {
  if (value.empty() || value.size() % 2 != 0) return TextState::unreadable;
  const size_t before = to.size();
  to.resize(before + value.size() / 2);
  char* out = &to[before];
  for (size_t at = 0; at < value.size(); at += 2) {
    const uint8_t high = hexDigit[static_cast<uint8_t>(value[at])];
    const uint8_t low = hexDigit[static_cast<uint8_t>(value[at + 1])];
    if ((high | low) == noDigit) {
      to.resize(before);
      return TextState::unreadable;
    }
    *out++ = static_cast<char>(high << 4 | low);
  }
  return TextState::text;
}

}  // namespace

bool RecordFields::next() {
  for (;;) {
    while (at_ < end_ && *at_ == ' ') at_++;
    if (at_ == end_) return false;
    const char* begin = at_;
    while (at_ < end_ && *at_ != '=' && *at_ != ' ') at_++;
    if (at_ == end_ || *at_ == ' ') continue;
    name = {begin, static_cast<size_t>(at_ - begin)};
    begin = ++at_;
    if (at_ < end_ && *at_ == '"') {
      const void* close = std::memchr(at_ + 1, '"', static_cast<size_t>(end_ - at_ - 1));
      at_ = close == nullptr ? end_ : static_cast<const char*>(close) + 1;
      value = {begin, static_cast<size_t>(at_ - begin)};
      while (at_ < end_ && *at_ != ' ') at_++;
      return true;
    }
    while (at_ < end_ && *at_ != ' ') at_++;
    value = {begin, static_cast<size_t>(at_ - begin)};
    return true;
  }
}

TextState appendText(std::string_view value, std::string& to) {
  if (!value.empty() && value.front() == '"') {
    value.remove_prefix(1);
    if (!value.empty() && value.back() == '"') value.remove_suffix(1);
    to.append(value);
    return TextState::text;
  }
  if (value == "(null)") return TextState::null;
  return appendHex(value, to);
}

double readDecimal(std::string_view value) {
  const bool negative = !value.empty() && value.front() == '-';
  if (negative) value.remove_prefix(1);
  if (value.empty() || value.size() > 20) return std::nan("");
  // The kernel prints at most 64 bits: the first 18 digits fit an integer, what is more is rounded as JavaScript does.
  uint64_t whole = 0;
  double number = 0;
  size_t at = 0;
  for (; at < value.size(); at++) {
    const unsigned digit = static_cast<unsigned char>(value[at]) - unsigned{'0'};
    if (digit > 9) return std::nan("");
    if (at < 18) whole = whole * 10 + digit;
  }
  number = static_cast<double>(whole);
  if (value.size() > 18) number = std::strtod(std::string(value).c_str(), nullptr);
  return negative ? -number : number;
}

bool readArgument(std::string_view value, uint32_t& low) {
  if (value.empty() || value.size() > 16) return false;
  uint64_t number = 0;
  for (const char character : value) {
    const uint8_t digit = hexDigit[static_cast<uint8_t>(character)];
    if (digit == noDigit || (character >= 'A' && character <= 'F')) return false;
    number = number << 4 | digit;
  }
  low = static_cast<uint32_t>(number);
  return true;
}

bool isTidyPath(std::string_view path) {
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  if (path.empty() || path.back() == '/') return false;
  for (size_t at = 0;;) {
    const char* segment = path.data() + at;
    const void* slash = std::memchr(segment, '/', path.size() - at);
    const size_t length = slash == nullptr ? path.size() - at : static_cast<size_t>(static_cast<const char*>(slash) - segment);
    if (length == 0 || (segment[0] == '.' && (length == 1 || (length == 2 && segment[1] == '.')))) return false;
    if (slash == nullptr) return true;
    at += length + 1;
  }
}

}  // namespace godo

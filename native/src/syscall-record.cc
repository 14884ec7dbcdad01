#include "syscall-record.h"

#include <cstring>

#include "call-table.h"
#include "record-fields.h"

namespace godo {

namespace {

/** Reads a body of which the order of the fields is known. Every take() that fails leaves the place unchanged. */
class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  template <size_t N>
  bool take(const char (&literal)[N]) {
    constexpr size_t length = N - 1;
    if (static_cast<size_t>(end_ - at_) < length || std::memcmp(at_, literal, length) != 0) return false;
    at_ += length;
    return true;
  }

  /** Up to the next blank; empty at the end. */
  std::string_view word() {
    const char* begin = at_;
    while (at_ < end_ && *at_ != ' ') at_++;
    return {begin, static_cast<size_t>(at_ - begin)};
  }

  bool hexadecimal(uint64_t& value) {
    value = 0;
    int digits = 0;
    for (; at_ < end_ && digits <= 16; at_++, digits++) {
      const auto character = static_cast<unsigned char>(*at_);
      unsigned digit = character - unsigned{'0'};
      if (digit > 9) {
        digit = character - unsigned{'a'} + 10;
        if (digit < 10 || digit > 15) break;
      }
      value = value << 4 | digit;
    }
    return digits > 0 && digits <= 16 && at_ < end_ && *at_ == ' ';
  }

  bool decimal(uint64_t& value) {
    value = 0;
    int digits = 0;
    for (; at_ < end_ && digits <= 18; at_++, digits++) {
      const unsigned digit = static_cast<unsigned char>(*at_) - unsigned{'0'};
      if (digit > 9) break;
      value = value * 10 + digit;
    }
    return digits > 0 && digits <= 18 && at_ < end_ && *at_ == ' ';
  }

  std::string_view rest() const { return {at_, static_cast<size_t>(end_ - at_)}; }

 private:
  const char* at_;
  const char* end_;
};

bool readArgumentAfter(Cursor& cursor, int index, SyscallRecord& record) {
  uint64_t value;
  if (!cursor.hexadecimal(value)) return false;
  record.arguments[index] = static_cast<uint32_t>(value);
  record.argumentsKnown |= static_cast<uint8_t>(1 << index);
  return true;
}

/** No call has so many: then it is no kernel's number. */
uint32_t itemsOf(uint64_t number) {
  constexpr uint64_t most = 1024;
  return number <= most ? static_cast<uint32_t>(number) : 0;
}

/** The order of audit_log_exit in kernel/auditsc.c. False when the body is any other. */
bool readInOrder(std::string_view body, SyscallRecord& record) {
  Cursor cursor(body);
  uint64_t number;
  if (!cursor.take("arch=") || !cursor.hexadecimal(record.arch)) return false;
  if (!cursor.take(" syscall=") || !cursor.decimal(record.number)) return false;
  if (cursor.take(" per=")) cursor.word();
  // Both are left out where the call has no result (an exit_group).
  if (cursor.take(" success=")) {
    record.success = cursor.take("yes ");
    if (!record.success && !cursor.take("no ")) return false;
    if (!cursor.take("exit=")) return false;
    const bool negative = cursor.take("-");
    if (!cursor.decimal(number)) return false;
    record.exit = negative ? -static_cast<double>(number) : static_cast<double>(number);
  }
  if (!cursor.take(" a0=") || !readArgumentAfter(cursor, 0, record)) return false;
  if (!cursor.take(" a1=") || !readArgumentAfter(cursor, 1, record)) return false;
  if (!cursor.take(" a2=") || !readArgumentAfter(cursor, 2, record)) return false;
  if (!cursor.take(" a3=") || !readArgumentAfter(cursor, 3, record)) return false;
  if (!cursor.take(" items=") || !cursor.decimal(number) || !cursor.take(" ")) return false;
  record.items = itemsOf(number);
  record.who = cursor.rest();
  return true;
}

uint64_t wholeNumber(std::string_view value) {
  const double number = readDecimal(value);
  return number >= 0 && number < 1e15 ? static_cast<uint64_t>(number) : UINT64_MAX;
}

uint64_t hexadecimalNumber(std::string_view value) {
  uint64_t number = UINT64_MAX;
  if (value.empty() || value.size() > 8) return number;
  uint32_t low;
  return readArgument(value, low) ? low : number;
}

void readInAnyOrder(std::string_view body, SyscallRecord& record) {
  enum : unsigned { arch = 16, syscall = 32, success = 64, exit = 128, items = 256 };
  // Of two fields of one name the first counts.
  unsigned seen = 0;
  const auto first = [&seen](unsigned bit) {
    const bool is = (seen & bit) == 0;
    seen |= bit;
    return is;
  };
  RecordFields fields(body);
  while (fields.next()) {
    if (fields.name.size() == 2 && fields.name[0] == 'a' && fields.name[1] >= '0' && fields.name[1] <= '3') {
      const int index = fields.name[1] - '0';
      if (first(1u << index) && readArgument(fields.value, record.arguments[index])) {
        record.argumentsKnown |= static_cast<uint8_t>(1 << index);
      }
    } else if (fields.name == "arch") {
      if (first(arch)) record.arch = hexadecimalNumber(fields.value);
    } else if (fields.name == "syscall") {
      if (first(syscall)) record.number = wholeNumber(fields.value);
    } else if (fields.name == "success") {
      if (first(success)) record.success = fields.value == "yes";
    } else if (fields.name == "exit") {
      if (first(exit)) record.exit = readDecimal(fields.value);
    } else if (fields.name == "items") {
      if (first(items)) record.items = itemsOf(wholeNumber(fields.value));
    }
  }
  record.who = body;
}

}  // namespace

SyscallRecord readSyscall(std::string_view body) {
  SyscallRecord record;
  if (readInOrder(body, record)) return record;
  record = {};
  readInAnyOrder(body, record);
  return record;
}

SyscallRecord readUringOp(std::string_view body) {
  enum : unsigned { operation = 1, success = 2, exit = 4, items = 8 };
  SyscallRecord record;
  record.arch = uringArch;
  unsigned seen = 0;
  RecordFields fields(body);
  while (seen != (operation | success | exit | items) && fields.next()) {
    const unsigned field = fields.name == "uring_op"  ? operation
                           : fields.name == "success" ? success
                           : fields.name == "exit"    ? exit
                           : fields.name == "items"   ? items
                                                      : 0;
    if ((seen & field) != 0) continue;
    seen |= field;
    if (field == operation) record.number = wholeNumber(fields.value);
    if (field == success) record.success = fields.value == "yes";
    if (field == exit) record.exit = readDecimal(fields.value);
    if (field == items) record.items = itemsOf(wholeNumber(fields.value));
  }
  // What stands before it differs from record to record of one caller (audit_log_uring in kernel/auditsc.c).
  const size_t who = body.find(" ppid=");
  record.who = who == std::string_view::npos ? body : body.substr(who + 1);
  return record;
}

CallerFields readCaller(std::string_view who) {
  static constexpr std::string_view idNames[] = {"pid", "ppid", "uid", "gid", "euid", "auid", "ses"};
  CallerFields caller;
  for (double& id : caller.ids) id = std::nan("");
  unsigned seen = 0;
  RecordFields fields(who);
  while (fields.next()) {
    const std::string_view name = fields.name;
    if (name.size() < 3 || name.size() > 4) continue;
    std::string_view* const text =
        name == "tty" ? &caller.tty : name == "comm" ? &caller.comm : name == "exe" ? &caller.exe : nullptr;
    if (text != nullptr) {
      if (text->data() == nullptr) *text = fields.value;
      continue;
    }
    for (unsigned index = 0; index < 7; index++) {
      if (name != idNames[index]) continue;
      if ((seen & 1u << index) == 0) caller.ids[index] = readDecimal(fields.value);
      seen |= 1u << index;
    }
  }
  return caller;
}

}  // namespace godo

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text-table.h"

namespace godo {

/** Who made a call, with texts by their ids; 0: missing or unknown. */
struct Caller {
  /** pid (which is the tgid), ppid, uid, gid, euid, auid, ses; NaN where they are not told. */
  double ids[7];
  uint32_t tty;
  uint32_t comm;
  uint32_t exe;
  /** Its entry was written since its ids mean something. */
  bool written;
};

/** Texts and callers that got their ids one after the other. The ids stay until the last event that uses them is gone. */
class TextEpoch {
 public:
  uint32_t text(std::string_view text);
  /** Of a value as it stands in a record; 0 where it is missing or unknown. */
  uint32_t textOfValue(std::string_view value);
  /** `who`: the part of a SYSCALL record's body that says who called. */
  uint32_t caller(std::string_view who);

  std::string_view textOf(uint32_t id) const { return texts_.text(id); }
  Caller& callerOf(uint32_t id) { return callers_[id - 1]; }
  /** Whether the text's entry is still to be written; it is taken as written from now on. */
  bool toBeWritten(uint32_t id) {
    const bool is = written_[id - 1] == 0;
    written_[id - 1] = 1;
    return is;
  }
  void forgetWritten();

  bool isFull() const;
  size_t bytes() const { return texts_.bytes() + whos_.bytes(); }
  void clear();

  /** Differs between any two epochs of one decoder. */
  uint64_t number = 0;
  /** Events that use it. */
  size_t users = 0;

 private:
  uint32_t ttyText(std::string_view value);

  TextTable texts_;
  /** By id of the text, less one. */
  std::vector<uint8_t> written_;
  TextTable whos_;
  std::vector<Caller> callers_;
  std::string scratch_;
};

/** The epoch that new events use, and those before it that are still used. */
class TextEpochs {
 public:
  TextEpochs();
  /** For one more event. */
  TextEpoch& use();
  void release(TextEpoch& epoch);

 private:
  std::unique_ptr<TextEpoch> current_;
  std::vector<std::unique_ptr<TextEpoch>> before_;
  uint64_t numbers_ = 1;
};

}  // namespace godo

#include "text-epochs.h"

#include <algorithm>

#include "record-fields.h"
#include "syscall-record.h"

namespace godo {

namespace {

/** An epoch that has so much gets no more users. */
constexpr size_t manyTexts = 8192;
constexpr size_t manyCallers = 4096;
constexpr size_t manyBytes = size_t{1} << 20;

}  // namespace

uint32_t TextEpoch::text(std::string_view text) {
  const auto [id, added] = texts_.intern(text);
  if (added) written_.push_back(0);
  return id;
}

uint32_t TextEpoch::textOfValue(std::string_view value) {
  scratch_.clear();
  return appendText(value, scratch_) == TextState::text ? text(scratch_) : 0;
}

/** The kernel writes the terminal without quotes (audit_log_task_info); `(none)` and `?` are none. */
uint32_t TextEpoch::ttyText(std::string_view value) {
  if (value.data() == nullptr || value == "?" || (!value.empty() && value.front() == '(')) return 0;
  return !value.empty() && value.front() == '"' ? textOfValue(value) : text(value);
}

uint32_t TextEpoch::caller(std::string_view who) {
  const auto [id, added] = whos_.intern(who);
  if (!added) return id;
  const CallerFields fields = readCaller(who);
  Caller caller{};
  std::copy(fields.ids, fields.ids + 7, caller.ids);
  caller.tty = ttyText(fields.tty);
  caller.comm = textOfValue(fields.comm);
  caller.exe = textOfValue(fields.exe);
  callers_.push_back(caller);
  return id;
}

void TextEpoch::forgetWritten() {
  std::fill(written_.begin(), written_.end(), 0);
  for (Caller& caller : callers_) caller.written = false;
}

bool TextEpoch::isFull() const {
  return texts_.size() >= manyTexts || whos_.size() >= manyCallers || bytes() >= manyBytes;
}

void TextEpoch::clear() {
  texts_.clear();
  written_.clear();
  whos_.clear();
  callers_.clear();
}

TextEpochs::TextEpochs() : current_(std::make_unique<TextEpoch>()) {
  current_->number = numbers_;
}

TextEpoch& TextEpochs::use() {
  if (current_->isFull()) {
    if (current_->users == 0) {
      current_->clear();
    } else {
      before_.push_back(std::move(current_));
      current_ = std::make_unique<TextEpoch>();
    }
    current_->number = ++numbers_;
  }
  current_->users++;
  return *current_;
}

void TextEpochs::release(TextEpoch& epoch) {
  epoch.users--;
  if (epoch.users > 0 || &epoch == current_.get()) return;
  const auto is = [&epoch](const std::unique_ptr<TextEpoch>& one) { return one.get() == &epoch; };
  before_.erase(std::find_if(before_.begin(), before_.end(), is));
}

}  // namespace godo

#include "pending-event.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "record-fields.h"
#include "syscall-record.h"

namespace godo {

namespace {

/** An event that kept more is not worth keeping the memory for. */
constexpr size_t mostKeptBytes = 2048;

uint8_t nametypeOf(std::string_view value) {
  static constexpr std::string_view names[] = {"NORMAL", "PARENT", "CREATE", "DELETE", "UNKNOWN"};
  for (uint8_t index = 0; index < 5; index++) {
    if (value == names[index]) return static_cast<uint8_t>(index + 1);
  }
  return 6;
}

/** A number as the kernel writes one, which is the same text when it is written again. */
bool readPlainNumber(std::string_view value, uint64_t& number) {
  if (value.empty() || value.size() > 19 || (value[0] == '0' && value.size() > 1)) return false;
  number = 0;
  for (const char character : value) {
    const unsigned digit = static_cast<unsigned char>(character) - unsigned{'0'};
    if (digit > 9) return false;
    number = number * 10 + digit;
  }
  return true;
}

bool readOctal(std::string_view value, uint32_t& number) {
  if (value.empty() || value.size() > 11) return false;
  uint64_t all = 0;
  for (const char character : value) {
    if (character < '0' || character > '7') return false;
    all = all << 3 | static_cast<unsigned>(character - '0');
  }
  number = static_cast<uint32_t>(all);
  return true;
}

/** What is wanted of a call; nothing where it failed and that is not wanted. `watched`: it is, whatever came of it. */
Call wanted(const SyscallRecord& record, const Call& call, bool watched = false) {
  const bool failed = !record.success || std::isnan(record.exit);
  return failed && !watched && (call.needs & call_need::success) != 0 ? Call{} : call;
}

/** PATH records that follow: mq_open and mq_unlink count the root of their file system, and keep it to themselves. */
unsigned pathsOf(const SyscallRecord& record) {
  struct Numbers {
    uint64_t arch;
    uint64_t open;
    uint64_t unlink;
  };
  // audit_inode_parent_hidden in ipc/mqueue.c.
  static constexpr Numbers queues[] = {{0xc000003e, 240, 241}, {0x40000003, 277, 278}, {0xc00000b7, 180, 181}};
  for (const Numbers& queue : queues) {
    if (record.arch != queue.arch || (record.number != queue.open && record.number != queue.unlink)) continue;
    return record.items > 0 ? record.items - 1 : 0;
  }
  return record.items;
}

/** Of a PATH record as the kernel writes it (audit_log_name in kernel/audit.c). */
bool hasName(std::string_view body) {
  constexpr std::string_view untold = "(null)";
  const size_t at = body.find(" name=");
  return at != std::string_view::npos && body.substr(at + 6, untold.size()) != untold;
}

constexpr uint32_t mapAnonymous = 0x20;

}  // namespace

void PendingEvent::begin(const Stamp& stamp, double since) {
  stamp_ = stamp;
  since_ = since;
  call_ = {};
  exit_ = 0;
  std::fill(arguments_, arguments_ + 4, 0);
  argumentsKnown_ = 0;
  success_ = decided_ = syscallSeen_ = byUring_ = cwdSeen_ = givesName_ = cwdComes_ = execveSeen_ = itemsLeftOut_ = openat2Seen_ = mmapSeen_ =
      pairSeen_ = standsAlone_ = watched_ = fresh_ = lost_ = false;
  caller_ = cwd_ = 0;
  itemCount_ = pathRecords_ = pathsTold_ = 0;
  epoch_ = nullptr;
  textBytes_ = 0;
  for (std::string* kept : {&items_, &bodies_}) {
    if (kept->capacity() > mostKeptBytes) {
      std::string().swap(*kept);
    } else {
      kept->clear();
    }
  }
}

template <typename With>
uint32_t PendingEvent::intern(TextEpochs& epochs, With with) {
  if (epoch_ == nullptr) epoch_ = &epochs.use();
  const size_t before = epoch_->bytes();
  const uint32_t id = with(*epoch_);
  textBytes_ += epoch_->bytes() - before;
  return id;
}

void PendingEvent::add(const Record& record, const CallTable& calls, TextEpochs& epochs, bool keepRecords) {
  if (keepRecords) addBody(record.type, record.body());
  switch (record.type) {
    case record_type::syscall:
      if (!syscallSeen_) addSyscall(record.body(), calls, epochs, keepRecords);
      break;
    case record_type::uringOp:
      if (!syscallSeen_) addUringOp(record.body(), calls, epochs);
      break;
    case record_type::cwd:
      if (wants(call_need::cwd) && !cwdSeen_) addCwd(record.body(), epochs);
      cwdSeen_ = true;
      break;
    case record_type::path:
      pathRecords_++;
      if (!cwdSeen_ && !cwdComes_) cwdComes_ = hasName(record.body());
      if (wants(call_need::paths)) addItem(record.body(), epochs);
      if ((call_.needs & call_need::bodies) != 0 && !keepRecords) addBody(record.type, record.body());
      break;
    case record_type::mmap:
      // One call has one; more are no kernel's.
      if (wants(call_need::bodies) && !keepRecords && !mmapSeen_) addBody(record.type, record.body());
      mmapSeen_ = true;
      break;
    case record_type::fdPair:
      if (wants(call_need::bodies) && !keepRecords && !pairSeen_) addBody(record.type, record.body());
      pairSeen_ = true;
      break;
    case record_type::execve:
      execveSeen_ = true;
      if (wants(call_need::execve) && !keepRecords) addBody(record.type, record.body());
      break;
    case record_type::openat2:
      if (wants(call_need::openat2) && !keepRecords && !openat2Seen_) addBody(record.type, record.body());
      openat2Seen_ = true;
      break;
    default:
      break;
  }
}

void PendingEvent::noteRecords(RecordsThatCome& come) const {
  come.paths |= pathRecords_ > 0;
  come.cwds |= cwdSeen_;
  come.openat2s |= openat2Seen_;
}

/**
 * Every kernel keeps the working directory with a name that is given (__audit_getname in kernel/auditsc.c), later ones (5.10)
 * with a file that is known by its descriptor alone, too.
 */
bool PendingEvent::lacksCwd() const {
  return !cwdSeen_ && pathsTold_ > 0 && (cwdComes_ || (givesName_ && pathRecords_ == 0));
}

/** ksys_mmap_pgoff in mm/mmap.c has one made where memory is not anonymous. */
bool PendingEvent::lacksMmap() const {
  const bool hasFile = (argumentsKnown_ & 8) != 0 && (arguments_[3] & mapAnonymous) == 0;
  return hasNeed(call_need::mmap) && hasFile && !mmapSeen_;
}

bool PendingEvent::lacksRecords(const RecordsThatCome& come) const {
  if (!come.paths) return false;
  if ((call_.needs & call_need::paths) != 0 && pathRecords_ < pathsTold_) return true;
  if (come.cwds && (call_.needs & call_need::cwd) != 0 && lacksCwd()) return true;
  return missingOfCall(come) > 0;
}

unsigned PendingEvent::missingRecords(const RecordsThatCome& come) const {
  unsigned missing = pathsTold_ > pathRecords_ ? pathsTold_ - pathRecords_ : 0;
  return missing + (lacksCwd() ? 1 : 0) + missingOfCall(come);
}

unsigned PendingEvent::missingOfCall(const RecordsThatCome& come) const {
  unsigned missing = 0;
  // Each exec that succeeds has one (audit_bprm in fs/exec.c).
  if (hasNeed(call_need::execve) && !execveSeen_) missing++;
  // Linux 5.16 and later.
  if (come.openat2s && hasNeed(call_need::openat2) && !openat2Seen_) missing++;
  if (hasNeed(call_need::fdPair) && !pairSeen_) missing++;
  if (lacksMmap()) missing++;
  return missing;
}

void PendingEvent::addBody(uint32_t type, std::string_view body) {
  const BodyHead head{type, static_cast<uint32_t>(body.size())};
  const size_t at = bodies_.size();
  bodies_.resize(at + sizeof head + padded(body.size()));
  std::memcpy(&bodies_[at], &head, sizeof head);
  if (!body.empty()) std::memcpy(&bodies_[at + sizeof head], body.data(), body.size());
}

void PendingEvent::addSyscall(std::string_view body, const CallTable& calls, TextEpochs& epochs, bool keepRecords) {
  const SyscallRecord syscall = readSyscall(body);
  decided_ = syscallSeen_ = true;
  watched_ = calls.isWatched(body);
  const Call named = syscall.arch == uringArch ? Call{} : calls.find(syscall.arch, syscall.number);
  const Call call = wanted(syscall, named, watched_);
  // Of every call, for the kernel counts what it leaves out of any.
  pathsTold_ = pathsOf(syscall);
  givesName_ = (named.needs & call_need::cwd) != 0;
  if (call.id == 0 && byUring_) {
    // io_uring_enter, which did it: this record has more of who called.
    caller_ = intern(epochs, [&](TextEpoch& epoch) { return epoch.caller(syscall.who); });
    return;
  }
  byUring_ = false;
  call_ = call;
  if (call_.id == 0 && !keepRecords) {
    items_.clear();
    bodies_.clear();
    itemCount_ = 0;
    return;
  }
  if ((call_.needs & call_need::bodies) != 0 && !keepRecords) addBody(record_type::syscall, body);
  success_ = syscall.success;
  exit_ = syscall.exit;
  std::copy(syscall.arguments, syscall.arguments + 4, arguments_);
  argumentsKnown_ = syscall.argumentsKnown;
  caller_ = intern(epochs, [&](TextEpoch& epoch) { return epoch.caller(syscall.who); });
}

/** Those that io_uring_enter does itself make one event, with its SYSCALL record and the PATH records of them all. */
void PendingEvent::addUringOp(std::string_view body, const CallTable& calls, TextEpochs& epochs) {
  const SyscallRecord operation = readUringOp(body);
  decided_ = true;
  const Call call = wanted(operation, calls.find(operation.arch, operation.number));
  // So many until then: a SYSCALL record that follows has them all.
  pathsTold_ = std::max(pathsTold_, operation.items);
  cwdComes_ = true;
  if (call.id == 0) return;
  if (byUring_ && call.id == call_.id) {
    arguments_[0]++;
    return;
  }
  // Of several kinds, one that names files says more.
  if (byUring_ && ((call_.needs & call_need::paths) != 0 || (call.needs & call_need::paths) == 0)) return;
  byUring_ = true;
  call_ = call;
  success_ = operation.success;
  exit_ = operation.exit;
  arguments_[0] = 1;
  caller_ = intern(epochs, [&](TextEpoch& epoch) { return epoch.caller(operation.who); });
}

void PendingEvent::addCwd(std::string_view body, TextEpochs& epochs) {
  RecordFields fields(body);
  while (fields.next()) {
    if (fields.name != "cwd") continue;
    cwd_ = intern(epochs, [&](TextEpoch& epoch) { return epoch.textOfValue(fields.value); });
    return;
  }
}

void PendingEvent::addItem(std::string_view body, TextEpochs& epochs) {
  if (itemCount_ == mostItems) {
    itemsLeftOut_ = true;
    return;
  }
  std::string_view name;
  std::string_view dev;
  std::string_view inode;
  std::string_view item;
  std::string_view mode;
  std::string_view nametype;
  unsigned missing = 6;
  RecordFields fields(body);
  // The kernel writes these six before the capabilities, which nobody reads.
  while (missing > 0 && fields.next()) {
    const std::string_view field = fields.name;
    std::string_view* place = nullptr;
    switch (field.size()) {
      case 3:
        if (field == "dev") place = &dev;
        break;
      case 4:
        if (field == "name") place = &name;
        else if (field == "mode") place = &mode;
        else if (field == "item") place = &item;
        break;
      case 5:
        if (field == "inode") place = &inode;
        break;
      case 8:
        if (field == "nametype") place = &nametype;
        break;
      default:
        break;
    }
    if (place == nullptr || place->data() != nullptr) continue;
    *place = fields.value;
    missing--;
  }

  ItemHead head{};
  head.item = noItemNumber;
  uint64_t number;
  if (readPlainNumber(item, number) && number < noItemNumber) head.item = static_cast<uint32_t>(number);
  if (readOctal(mode, head.mode)) head.flags |= item_flag::modeKnown;
  if (readPlainNumber(inode, head.inode)) {
    head.flags |= item_flag::inodeNumber;
  } else if (inode.data() != nullptr) {
    head.flags |= item_flag::inodeText;
    head.inode = intern(epochs, [&](TextEpoch& epoch) { return epoch.text(inode); });
  }
  if (dev.data() != nullptr) head.dev = intern(epochs, [&](TextEpoch& epoch) { return epoch.text(dev); });
  if (nametype.data() != nullptr) head.nametype = nametypeOf(nametype);

  const size_t at = items_.size();
  items_.resize(at + sizeof head);
  head.nameState = static_cast<uint8_t>(name.data() == nullptr ? TextState::missing : appendText(name, items_));
  const size_t nameAt = at + sizeof head;
  head.nameBytes = static_cast<uint32_t>(items_.size() - nameAt);
  if (isTidyPath(std::string_view(items_).substr(nameAt))) head.flags |= item_flag::tidyName;
  items_.resize(padded(items_.size()));
  if (items_.size() > mostItemBytes) {
    items_.resize(at);
    itemsLeftOut_ = true;
    return;
  }
  head.bytes = static_cast<uint32_t>(items_.size() - at);
  std::memcpy(&items_[at], &head, sizeof head);
  itemCount_++;
}

}  // namespace godo

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "file-descriptor.h"

namespace godo {

/**
 * The way of the kernel's records past the socket: a BPF program on it puts them into memory that is shared with the
 * kernel, and no system call fetches them. See record-filter.h for what goes which way. Reading is for one thread at a time.
 */
class RecordRing {
 public:
  /**
   * `bytes`: a power of two, of a page at least. Throws Failure where this kernel, or who we are in it, does not allow it;
   * the socket is as it was then.
   */
  static std::unique_ptr<RecordRing> attach(int socket, uint32_t bytes);
  ~RecordRing();
  RecordRing(const RecordRing&) = delete;
  RecordRing& operator=(const RecordRing&) = delete;

  /** For poll(2): readable when there is a record. */
  int fd() const { return ring_.get(); }

  /** A datagram: netlink header, payload and padding. Null when none waits. It stays until release(). */
  const uint8_t* front(size_t& bytes) const;
  bool empty() const;
  /** How far the kernel has come: what it adds from now on stands behind this. */
  uint64_t end() const;
  /** Whether everything before such an end has been released. */
  bool isAt(uint64_t end) const { return *read_ == end; }
  /** Bytes that wait, heads and padding included. */
  uint64_t used() const { return end() - *read_; }
  /** Gives up the room of front(). */
  void release();

  /** Whether records go into the socket instead: at the beginning, and once the ring was full. */
  bool diverting() const;
  /** Records go into the ring again. */
  void endDiversion();
  /** How often the ring was full. */
  uint32_t diversions() const;

  /**
   * Whether the socket may hold records that are older than those in the ring, as it does at the beginning and after a
   * diversion. Kept here for receiveAudit.
   */
  bool socketFirst = true;

 private:
  RecordRing(FileDescriptor ring, FileDescriptor state, uint32_t bytes);
  void unmap();

  FileDescriptor ring_;
  FileDescriptor state_;
  uint32_t bytes_;
  size_t pageBytes_;
  /** How far we have read; the kernel reads it. */
  uint64_t* read_ = nullptr;
  /** How far the kernel has written, and a page further the records, twice in a row, so that each stands in one piece. */
  const uint8_t* written_ = nullptr;
  uint32_t* diversion_ = nullptr;
};

}  // namespace godo

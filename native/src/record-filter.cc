#include "record-filter.h"

#include <linux/audit.h>
#include <linux/netlink.h>

#include <cstdint>
#include <vector>

#include "audit-receive.h"
#include "bpf.h"

namespace godo {

namespace {

static_assert(recordFilterRoomBytes == sizeof(nlmsghdr) + auditPayloadRoomBytes, "as large as the room in the socket's way");

/**
 * The sender's port, in the control block of a netlink message: struct sk_buff.cb (after next, prev, dev, sk and tstamp)
 * holds struct netlink_skb_parms, whose first member are the credentials: pid, uid, gid. Both have stood like this since
 * Linux 4.19, but nobody promises it: record-ring.cc tries it before it trusts it.
 */
constexpr int senderPortAt = 40 + 12;
constexpr int typeAt = 4;
constexpr int firstRecord = 1100;
/** The kernel's trial of whether we live comes from another thread than the records do. */
constexpr int replaceTrial = 1329;

enum Register : uint8_t { r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, frame };
constexpr Register context = r6, bytes = r7, state = r8, room = r9;
/** Places on the program's stack. */
constexpr int16_t key = -4, port = -8;

/** What skb programs return: how much of a datagram goes on into the socket. */
constexpr int nothing = 0, everything = -1;

class Program {
 public:
  void put(uint8_t code, Register to, Register from, int16_t offset, int32_t value) {
    instructions_.push_back({code, to, from, offset, value});
  }
  void set(Register to, Register from) { put(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void set(Register to, int32_t value) { put(BPF_ALU64 | BPF_MOV | BPF_K, to, r0, 0, value); }
  void set(Register to, Register from, int32_t plus) {
    set(to, from);
    put(BPF_ALU64 | BPF_ADD | BPF_K, to, r0, 0, plus);
  }
  void setToMap(Register to, int map) {
    put(BPF_LD | BPF_DW | BPF_IMM, to, static_cast<Register>(BPF_PSEUDO_MAP_FD), 0, map);
    put(0, r0, r0, 0, 0);
  }
  void load32(Register to, Register from, int16_t offset) { put(BPF_LDX | BPF_MEM | BPF_W, to, from, offset, 0); }
  void store32(Register to, int16_t offset, int32_t value) { put(BPF_ST | BPF_MEM | BPF_W, to, r0, offset, value); }
  void call(int function) { put(BPF_JMP | BPF_CALL, r0, r0, 0, function); }
  /** Leaves the datagram to the socket where the comparison (BPF_JEQ …) holds. */
  void passIf(Register left, uint8_t comparison, int32_t right) {
    jumps_.push_back(instructions_.size());
    put(BPF_JMP | comparison | BPF_K, left, r0, 0, right);
  }
  /** r0 becomes the address of the map's element 0. */
  void lookUp(int map) {
    set(r2, frame, key);
    setToMap(r1, map);
    call(BPF_FUNC_map_lookup_elem);
    passIf(r0, BPF_JEQ, 0);
  }
  void end(int32_t verdict) {
    set(r0, verdict);
    put(BPF_JMP | BPF_EXIT, r0, r0, 0, 0);
  }
  /** Where the jumps of passIf lead. */
  void passHere() {
    for (const size_t from : jumps_) instructions_[from].off = static_cast<int16_t>(instructions_.size() - from - 1);
    end(everything);
  }

  size_t size() const { return instructions_.size(); }
  bpf_insn& at(size_t index) { return instructions_[index]; }
  const bpf_insn* data() const { return instructions_.data(); }

 private:
  std::vector<bpf_insn> instructions_;
  std::vector<size_t> jumps_;
};

Program recordFilter(const RecordFilterMaps& maps) {
  Program program;
  program.set(context, r1);

  // Another process may send to our port as well; the kernel's own is 0.
  program.set(r1, frame, port);
  program.set(r2, 4);
  program.set(r3, context, senderPortAt);
  program.call(bpfProbeReadKernel);
  program.passIf(r0, BPF_JNE, 0);
  program.load32(r1, frame, port);
  program.passIf(r1, BPF_JNE, 0);

  // An absolute load takes the bytes for big-endian.
  program.put(BPF_LD | BPF_ABS | BPF_H, r0, r0, 0, typeAt);
  program.put(BPF_ALU | BPF_END | BPF_TO_BE, r0, r0, 0, 16);
  program.passIf(r0, BPF_JLT, firstRecord);
  program.passIf(r0, BPF_JEQ, replaceTrial);

  program.store32(frame, key, 0);
  program.lookUp(maps.state);
  program.set(state, r0);
  program.load32(r1, state, 0);
  program.passIf(r1, BPF_JNE, 0);

  // One room a processor is enough, for all that comes here comes from the one thread that sends the records.
  program.lookUp(maps.room);
  program.set(room, r0);
  program.load32(bytes, context, offsetof(__sk_buff, len));
  program.passIf(bytes, BPF_JLT, sizeof(nlmsghdr));
  program.passIf(bytes, BPF_JGT, recordFilterRoomBytes);
  program.set(r1, context);
  program.set(r2, 0);
  program.set(r3, room);
  program.set(r4, bytes);
  program.call(BPF_FUNC_skb_load_bytes);
  program.passIf(r0, BPF_JNE, 0);
  program.setToMap(r1, maps.ring);
  program.set(r2, room);
  program.set(r3, bytes);
  // No flags: a reader is woken that had taken all there was.
  program.set(r4, 0);
  program.call(bpfRingBufferOutput);
  const size_t whenFull = program.size();
  program.put(BPF_JMP | BPF_JNE | BPF_K, r0, r0, 0, 0);
  program.end(nothing);

  program.at(whenFull).off = static_cast<int16_t>(program.size() - whenFull - 1);
  program.load32(r1, state, 4);
  program.put(BPF_ALU | BPF_ADD | BPF_K, r1, r0, 0, 1);
  program.put(BPF_STX | BPF_MEM | BPF_W, state, r1, 4, 0);
  program.store32(state, 0, 1);
  program.passHere();
  return program;
}

}  // namespace

FileDescriptor loadRecordFilter(const RecordFilterMaps& maps) {
  const Program program = recordFilter(maps);
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attributes.insns = reinterpret_cast<uintptr_t>(program.data());
  attributes.insn_cnt = static_cast<uint32_t>(program.size());
  // The kernel lets only programs read its memory that are under the GPL too.
  attributes.license = reinterpret_cast<uintptr_t>("Dual MIT/GPL");
  return bpf(BPF_PROG_LOAD, attributes, "BPF_PROG_LOAD");
}

}  // namespace godo

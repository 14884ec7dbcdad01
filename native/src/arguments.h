#pragma once

#include <napi.h>

#include <memory>

#include "netlink-socket.h"

namespace godo {

struct Bytes {
  uint8_t* data;
  size_t length;
};

/** The arguments of one call. Every reader checks type and range and throws BAD_ARGUMENT with the argument's name. */
class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info) {}

  uint32_t wholeNumber(size_t index, const char* name, uint32_t least, uint32_t most) const;
  /** A number that is neither infinite nor NaN. */
  double finiteNumber(size_t index, const char* name) const;
  bool boolean(size_t index, const char* name) const;
  Napi::Object object(size_t index, const char* name) const;
  /** Whole contents of a Uint8Array (or Buffer), which may stand in shared memory. */
  Bytes bytes(size_t index, const char* name) const;
  /** Whole contents of a Float64Array of at least `least` elements. */
  double* float64s(size_t index, const char* name, size_t least) const;
  /** The part of the memory at `index` that the next two arguments, offset and length, say. */
  Bytes partOfMemory(size_t index, size_t leastLength) const;
  uint32_t timeoutMs(size_t index) const;
  /** A descriptor that was opened here, of one of these kinds. */
  std::shared_ptr<NetlinkSocket> socket(size_t index, std::initializer_list<SocketKind> kinds) const;
  Bytes auditRule(size_t index) const;

 private:
  const Napi::CallbackInfo& info_;
};

/** Whole contents of a typed array of one type, which may stand in shared memory; `name` stands in the error. */
Bytes typedArrayOf(const Napi::Env& env, const Napi::Value& value, napi_typedarray_type type, const char* name);
uint32_t wholeNumberOf(const Napi::Value& value, const char* name, uint32_t least, uint32_t most);

}  // namespace godo

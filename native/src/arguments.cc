#include "arguments.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "audit-control.h"
#include "errors.h"

namespace godo {

namespace {

constexpr uint32_t largestInt = 0x7fffffff;

}  // namespace

uint32_t wholeNumberOf(const Napi::Value& value, const char* name, uint32_t least, uint32_t most) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  // The comparisons are false for NaN.
  if (!(number >= least && number <= most) || number != std::floor(number)) {
    throwBadArgument(std::string(name) + " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return static_cast<uint32_t>(number);
}

uint32_t Arguments::wholeNumber(size_t index, const char* name, uint32_t least, uint32_t most) const {
  return wholeNumberOf(info_[index], name, least, most);
}

bool Arguments::boolean(size_t index, const char* name) const {
  if (!info_[index].IsBoolean()) throwBadArgument(std::string(name) + " must be a boolean");
  return info_[index].As<Napi::Boolean>().Value();
}

Napi::Object Arguments::object(size_t index, const char* name) const {
  if (!info_[index].IsObject()) throwBadArgument(std::string(name) + " must be an object");
  return info_[index].As<Napi::Object>();
}

Bytes typedArrayOf(const Napi::Env& env, const Napi::Value& value, napi_typedarray_type type, const char* name) {
  napi_typedarray_type is = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  // The buffer itself is not asked for: with shared memory it is no ArrayBuffer.
  if (!value.IsTypedArray() ||
      napi_get_typedarray_info(env, value, &is, &length, &data, nullptr, nullptr) != napi_ok || is != type) {
    const char* const what = type == napi_float64_array ? "Float64Array" : type == napi_uint32_array ? "Uint32Array" : "Uint8Array";
    throwBadArgument(std::string(name) + " must be a " + what);
  }
  return {static_cast<uint8_t*>(data), length};
}

double Arguments::finiteNumber(size_t index, const char* name) const {
  const double number = info_[index].IsNumber() ? info_[index].As<Napi::Number>().DoubleValue() : NAN;
  if (!std::isfinite(number)) throwBadArgument(std::string(name) + " must be a finite number");
  return number;
}

double* Arguments::float64s(size_t index, const char* name, size_t least) const {
  const Bytes array = typedArrayOf(info_.Env(), info_[index], napi_float64_array, name);
  if (array.length < least) throwBadArgument(std::string(name) + " must have at least " + std::to_string(least) + " elements");
  return reinterpret_cast<double*>(array.data);
}

Bytes Arguments::bytes(size_t index, const char* name) const {
  return typedArrayOf(info_.Env(), info_[index], napi_uint8_array, name);
}

Bytes Arguments::partOfMemory(size_t index, size_t leastLength) const {
  const Bytes memory = bytes(index, "memory");
  const uint32_t offset = wholeNumber(index + 1, "offset", 0, UINT32_MAX);
  const uint32_t length = wholeNumber(index + 2, "length", 0, UINT32_MAX);
  if (offset > memory.length || length > memory.length - offset) throwBadArgument("offset and length reach beyond the memory");
  if (length < leastLength) throwBadArgument("length must be at least " + std::to_string(leastLength));
  return {memory.data + offset, length};
}

uint32_t Arguments::timeoutMs(size_t index) const {
  return wholeNumber(index, "timeoutMs", 0, largestInt);
}

std::shared_ptr<NetlinkSocket> Arguments::socket(size_t index, std::initializer_list<SocketKind> kinds) const {
  const uint32_t fd = wholeNumber(index, "fd", 0, largestInt);
  auto socket = findSocket(static_cast<int>(fd));
  if (!socket) throwBadArgument("fd " + std::to_string(fd) + " was not opened here, or is closed");
  if (std::find(kinds.begin(), kinds.end(), socket->kind()) == kinds.end()) {
    throwBadArgument("fd " + std::to_string(fd) + " is a socket of another kind");
  }
  return socket;
}

Bytes Arguments::auditRule(size_t index) const {
  constexpr size_t largestRule = 65536;
  const Bytes rule = bytes(index, "rule");
  if (rule.length < auditRuleFixedBytes || rule.length > largestRule) {
    throwBadArgument("rule must be a struct audit_rule_data with its buffer");
  }
  uint32_t fieldCount;
  uint32_t bufferLength;
  std::memcpy(&fieldCount, rule.data + auditRuleFieldCountAt, sizeof fieldCount);
  std::memcpy(&bufferLength, rule.data + auditRuleBufferLengthAt, sizeof bufferLength);
  if (fieldCount > auditRuleMaxFields) throwBadArgument("field_count of the rule is more than 64");
  if (bufferLength != rule.length - auditRuleFixedBytes) throwBadArgument("buflen of the rule does not match its length");
  return rule;
}

}  // namespace godo

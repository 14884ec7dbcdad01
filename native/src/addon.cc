#include <linux/audit.h>
#include <linux/connector.h>
#include <napi.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <vector>

#include "arguments.h"
#include "audit-control.h"
#include "audit-decoder-door.h"
#include "audit-receive.h"
#include "connector-gathering.h"
#include "connector.h"
#include "entry-output.h"
#include "errors.h"
#include "file-lock.h"
#include "native-error.h"
#include "open-in-root.h"
#include "own-process.h"
#include "proc-directory.h"
#include "process-descriptors.h"
#include "process-links.h"
#include "task-statistics.h"

// The door: reads arguments, calls, turns what comes back into JavaScript. See ../index.d.ts.

namespace godo {

namespace {

constexpr auto auditKinds = {SocketKind::auditData, SocketKind::auditControl};
constexpr auto anyKind = {SocketKind::auditData, SocketKind::auditControl, SocketKind::connector,
                          SocketKind::taskStatistics};
/** A control socket sees only answers; a long list of rules must fit. */
constexpr uint32_t controlBufferBytes = 1u << 20;
constexpr uint32_t largestBufferBytes = 0x7fffffff;
/** Of processors; the kernel takes some hundred. */
constexpr size_t largestListBytes = 4096;

Napi::Value openAudit(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const Napi::Object options = arguments.object(0, "options");
  const Napi::Value multicast = options.Get("multicast");
  if (!multicast.IsBoolean()) throwBadArgument("multicast must be a boolean");
  const uint32_t bytes = wholeNumberOf(options.Get("receiveBufferBytes"), "receiveBufferBytes", 1, largestBufferBytes);
  const uint32_t groups = multicast.As<Napi::Boolean>().Value() ? 1u << (AUDIT_NLGRP_READLOG - 1) : 0;
  auto socket = std::make_shared<NetlinkSocket>(SocketKind::auditData, NETLINK_AUDIT, groups, bytes);
  return Napi::Number::New(info.Env(), registerSocket(std::move(socket)));
}

Napi::Value openAuditControl(const Napi::CallbackInfo& info) {
  auto socket = std::make_shared<NetlinkSocket>(SocketKind::auditControl, NETLINK_AUDIT, 0, controlBufferBytes);
  return Napi::Number::New(info.Env(), registerSocket(std::move(socket)));
}

Napi::Value openConnector(const Napi::CallbackInfo& info) {
  const Napi::Object options = Arguments(info).object(0, "options");
  const uint32_t bytes = wholeNumberOf(options.Get("receiveBufferBytes"), "receiveBufferBytes", 1, largestBufferBytes);
  auto socket = std::make_shared<NetlinkSocket>(SocketKind::connector, NETLINK_CONNECTOR, 1u << (CN_IDX_PROC - 1), bytes);
  return Napi::Number::New(info.Env(), registerSocket(std::move(socket)));
}

Napi::Value openTaskStatistics(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const Napi::Object options = arguments.object(0, "options");
  const uint32_t bytes = wholeNumberOf(options.Get("receiveBufferBytes"), "receiveBufferBytes", 1, largestBufferBytes);
  const Napi::Value processors = options.Get("processors");
  if (!processors.IsString()) throwBadArgument("processors must be a string");
  const std::string list = processors.As<Napi::String>().Utf8Value();
  if (list.size() > largestListBytes) throwBadArgument("processors is too long");
  auto socket = std::make_shared<NetlinkSocket>(SocketKind::taskStatistics, NETLINK_GENERIC, 0, bytes);
  subscribeTaskStatistics(*socket, list, arguments.timeoutMs(1));
  return Napi::Number::New(info.Env(), registerSocket(std::move(socket)));
}

Napi::Value receiveTaskStatisticsInto(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, {SocketKind::taskStatistics});
  const Bytes memory = arguments.bytes(1, "memory");
  if (memory.length < taskStatisticsBytes) throwBadArgument("memory must have at least " + std::to_string(taskStatisticsBytes) + " bytes");
  return Napi::Number::New(info.Env(), static_cast<double>(receiveTaskStatistics(*socket, memory.data, memory.length)));
}

Napi::Value receiveBufferBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Arguments(info).socket(0, anyKind)->receiveBufferBytes());
}

Napi::Value closeSocket(const Napi::CallbackInfo& info) {
  const auto socket = Arguments(info).socket(0, anyKind);
  // Two threads may have found it; one of them takes it out.
  if (!forgetSocket(socket->fd())) throwBadArgument("fd " + std::to_string(socket->fd()) + " is closed");
  return info.Env().Undefined();
}

Napi::Value setAuditMulticast(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, {SocketKind::auditData});
  socket->setMember(AUDIT_NLGRP_READLOG, arguments.boolean(1, "member"));
  return info.Env().Undefined();
}

Napi::Value attachRecordRing(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, {SocketKind::auditData});
  const uint32_t bytes = arguments.wholeNumber(1, "bytes", 4096, 1u << 28);
  if ((bytes & (bytes - 1)) != 0) throwBadArgument("bytes must be a power of two");
  const std::lock_guard<std::mutex> lock(socket->receiving);
  if (socket->ring) throwBadArgument("fd " + std::to_string(socket->fd()) + " has a ring already");
  socket->ring = RecordRing::attach(socket->fd(), bytes);
  return info.Env().Undefined();
}

Napi::Value recordRingDiversions(const Napi::CallbackInfo& info) {
  const auto socket = Arguments(info).socket(0, {SocketKind::auditData});
  const std::lock_guard<std::mutex> lock(socket->receiving);
  return Napi::Number::New(info.Env(), socket->ring ? socket->ring->diversions() : 0);
}

Napi::Value wakeReceiver(const Napi::CallbackInfo& info) {
  const uint32_t fd = Arguments(info).wholeNumber(0, "fd", 0, 0x7fffffff);
  const auto socket = findSocket(static_cast<int>(fd));
  if (socket) socket->wake();
  return Napi::Boolean::New(info.Env(), socket != nullptr);
}

Napi::Value waitForMessages(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, anyKind);
  return Napi::Boolean::New(info.Env(), socket->waitReadableUnlessWoken(Deadline(arguments.timeoutMs(1))));
}

Napi::Value gatherMessages(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, anyKind);
  socket->gather(Deadline(arguments.timeoutMs(1)), arguments.wholeNumber(2, "enoughBytes", 1, UINT32_MAX));
  return info.Env().Undefined();
}

Napi::Value hasMessages(const Napi::CallbackInfo& info) {
  const uint32_t fd = Arguments(info).wholeNumber(0, "fd", 0, 0x7fffffff);
  const auto socket = findSocket(static_cast<int>(fd));
  return Napi::Boolean::New(info.Env(), !socket || socket->waitReadable(Deadline(0)));
}

Napi::Value receiveAuditInto(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, {SocketKind::auditData});
  const Bytes memory = arguments.partOfMemory(1, auditRecordRoomBytes);
  const int64_t result = receiveAudit(*socket, memory.data, memory.length, arguments.timeoutMs(4));
  return Napi::Number::New(info.Env(), static_cast<double>(result));
}

Napi::Value foreignDatagrams(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(foreignDatagramCount.load()));
}

Napi::Value connectorListenOn(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  connectorListen(*arguments.socket(0, {SocketKind::connector}), arguments.boolean(1, "listen"));
  return info.Env().Undefined();
}

Napi::Value receiveConnectorInto(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, {SocketKind::connector});
  const Bytes memory = arguments.partOfMemory(1, connectorMessageBytes);
  const int64_t result = receiveConnector(*socket, memory.data, memory.length, arguments.timeoutMs(4));
  return Napi::Number::New(info.Env(), static_cast<double>(result));
}

Napi::Value gatherConnectorInto(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, {SocketKind::connector});
  const Napi::Object options = arguments.object(3, "options");
  const auto partsOf = [&](const char* name) { return wholeNumberOf(options.Get(name), name, 0, procAllParts); };
  const auto textsOf = [&](const char* name) -> Texts {
    const Bytes texts = typedArrayOf(info.Env(), options.Get(name), napi_uint8_array, name);
    return {texts.data, texts.length};
  };
  const uint32_t forkParts = partsOf("forkParts"), execParts = partsOf("execParts");
  const uint32_t mostReadings = wholeNumberOf(options.Get("mostReadings"), "mostReadings", 0, UINT32_MAX);
  const Texts knownGroups = textsOf("knownGroups"), promptPrograms = textsOf("promptPrograms");
  const Bytes messages = arguments.bytes(1, "messages");
  const Bytes readings = arguments.bytes(2, "readings");
  if (messages.length < fewConnectorMessages * connectorMessageBytes) throwBadArgument("messages must have room for 8 messages");
  if (readings.length < firstReadingAt || readings.length > UINT32_MAX) throwBadArgument("readings must have 8 bytes to 4 GiB");
  const ConnectorGathering given{messages.data, messages.length, readings.data, readings.length, forkParts, execParts,
                                 mostReadings, knownGroups, promptPrograms};
  double* const told = arguments.float64s(5, "told", 3);
  const ConnectorGathered gathered = gatherConnector(*socket, given, arguments.timeoutMs(4));
  told[0] = gathered.overran ? 1 : 0;
  told[1] = gathered.readings;
  told[2] = gathered.metGroup ? 1 : 0;
  return Napi::Number::New(info.Env(), static_cast<double>(gathered.messageBytes));
}

Napi::Value statusObject(Napi::Env env, const AuditStatus& status) {
  Napi::Object object = Napi::Object::New(env);
  const auto put = [&](const char* name, const std::optional<uint32_t>& value) {
    object.Set(name, value ? Napi::Value(Napi::Number::New(env, *value)) : env.Null());
  };
  put("enabled", status.enabled);
  put("failure", status.failure);
  put("pid", status.pid);
  put("rateLimit", status.rateLimit);
  put("backlogLimit", status.backlogLimit);
  put("lost", status.lost);
  put("backlog", status.backlog);
  put("featureBitmap", status.featureBitmap);
  put("backlogWaitTime", status.backlogWaitTime);
  put("backlogWaitTimeActual", status.backlogWaitTimeActual);
  return object;
}

Napi::Value getStatus(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, auditKinds);
  return statusObject(info.Env(), getAuditStatus(*socket, arguments.timeoutMs(1)));
}

Napi::Value setStatus(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, auditKinds);
  const Napi::Object given = arguments.object(1, "fields");
  AuditStatus fields;
  const struct {
    const char* name;
    std::optional<uint32_t>& field;
    uint32_t most;
  } known[] = {
      {"enabled", fields.enabled, 2},
      {"failure", fields.failure, 2},
      {"pid", fields.pid, 0x7fffffff},
      {"rateLimit", fields.rateLimit, UINT32_MAX},
      {"backlogLimit", fields.backlogLimit, UINT32_MAX},
      {"backlogWaitTime", fields.backlogWaitTime, UINT32_MAX},
      {"lost", fields.lost, 0},
  };
  const Napi::Array names = given.GetPropertyNames();
  bool any = false;
  for (uint32_t index = 0; index < names.Length(); index++) {
    const std::string name = names.Get(index).ToString();
    const Napi::Value value = given.Get(name);
    if (value.IsUndefined()) continue;
    bool found = false;
    for (const auto& entry : known) {
      if (name != entry.name) continue;
      entry.field = wholeNumberOf(value, entry.name, 0, entry.most);
      found = true;
    }
    if (!found) throwBadArgument("fields has no settable field " + name);
    any = true;
  }
  if (!any) throwBadArgument("fields names nothing to set");
  // The kernel would register the socket that the request came over, and send the records there.
  if (fields.pid.value_or(0) != 0 && socket->kind() != SocketKind::auditData) {
    throwBadArgument("pid must be set over a data socket");
  }
  setAuditStatus(*socket, fields, arguments.timeoutMs(2));
  return info.Env().Undefined();
}

/** The rule may stand in memory that other threads write: what was checked is what is sent. */
std::vector<uint8_t> copyRule(const Arguments& arguments) {
  const Bytes rule = arguments.auditRule(1);
  return {rule.data, rule.data + rule.length};
}

Napi::Value addRule(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, auditKinds);
  const auto rule = copyRule(arguments);
  addAuditRule(*socket, rule.data(), rule.size(), arguments.timeoutMs(2));
  return info.Env().Undefined();
}

Napi::Value deleteRule(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, auditKinds);
  const auto rule = copyRule(arguments);
  deleteAuditRule(*socket, rule.data(), rule.size(), arguments.timeoutMs(2));
  return info.Env().Undefined();
}

Napi::Value uint8Array(Napi::Env env, const uint8_t* data, size_t length) {
  const Napi::Uint8Array array = Napi::Uint8Array::New(env, length);
  if (length > 0) std::memcpy(array.ArrayBuffer().Data(), data, length);
  return array;
}

Napi::Value listRules(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto socket = arguments.socket(0, auditKinds);
  const auto rules = listAuditRules(*socket, arguments.timeoutMs(1));
  const Napi::Array list = Napi::Array::New(info.Env(), rules.size());
  for (uint32_t index = 0; index < rules.size(); index++) {
    list.Set(index, uint8Array(info.Env(), rules[index].data(), rules[index].size()));
  }
  return list;
}

Napi::Value readClocks(const Napi::CallbackInfo& info) {
  const uint64_t realtime = readClock(CLOCK_REALTIME);
  const uint64_t monotonic = readClock(CLOCK_MONOTONIC);
  const uint64_t boottime = readClock(CLOCK_BOOTTIME);
  const Napi::Object clocks = Napi::Object::New(info.Env());
  clocks.Set("realtimeNs", Napi::BigInt::New(info.Env(), realtime));
  clocks.Set("monotonicNs", Napi::BigInt::New(info.Env(), monotonic));
  clocks.Set("boottimeNs", Napi::BigInt::New(info.Env(), boottime));
  return clocks;
}

/** The coarse clocks go on once a tick. */
Napi::Value tickNs(const Napi::CallbackInfo& info) {
  timespec resolution{};
  if (clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) != 0) throwSystemError(errno, "clock_getres");
  return Napi::Number::New(info.Env(), static_cast<double>(resolution.tv_sec) * 1e9 + static_cast<double>(resolution.tv_nsec));
}

constexpr uint32_t largestPid = 0x7fffffff;
constexpr uint32_t largestFd = 0x7fffffff;

std::string pathOf(const Bytes& bytes, const char* name) {
  std::string path(reinterpret_cast<const char*>(bytes.data), bytes.length);
  if (path.empty() || path.find('\0') != std::string::npos) throwBadArgument(std::string(name) + " is no path");
  return path;
}

Napi::Value openInRootOf(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const std::string root = pathOf(arguments.bytes(0, "root"), "root");
  return Napi::Number::New(info.Env(), openInRoot(root, pathOf(arguments.bytes(1, "path"), "path")));
}

Napi::Value tryLockOf(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), tryLock(static_cast<int>(Arguments(info).wholeNumber(0, "fd", 0, largestFd))));
}

/** A directory that openProcess gave. */
int openedProcess(const Arguments& arguments) {
  const int fd = static_cast<int>(arguments.wholeNumber(0, "process", 0, 0x7fffffff));
  if (!isOpenProcess(fd)) throwBadArgument("process " + std::to_string(fd) + " was not opened here, or is closed");
  return fd;
}

Napi::Value openProcessOf(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), openProcess(Arguments(info).wholeNumber(0, "pid", 0, largestPid)));
}

Napi::Value readProcessInto(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const int fd = openedProcess(arguments);
  const uint32_t parts = arguments.wholeNumber(1, "parts", 0, procAllParts);
  const Bytes memory = arguments.bytes(2, "memory");
  if (memory.length < processHeadBytes) throwBadArgument("memory must have at least " + std::to_string(processHeadBytes) + " bytes");
  return Napi::Number::New(info.Env(), static_cast<double>(readProcess(fd, parts, memory.data, memory.length)));
}

Napi::Value exeLinksOf(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(exeLinkCount(openedProcess(Arguments(info)))));
}

Napi::Value readNamespacesInto(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const int fd = openedProcess(arguments);
  return Napi::Boolean::New(info.Env(), readNamespaces(fd, arguments.float64s(1, "inodes", namespaceCount)));
}

Napi::Value readDescriptorInto(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const int process = openedProcess(arguments);
  const uint32_t fd = arguments.wholeNumber(1, "fd", 0, largestFd);
  const Bytes memory = arguments.bytes(2, "memory");
  if (memory.length <= descriptorHeadBytes) throwBadArgument("memory must have more than " + std::to_string(descriptorHeadBytes) + " bytes");
  return Napi::Number::New(info.Env(), static_cast<double>(readDescriptor(process, fd, memory.data, memory.length)));
}

Napi::Value compareFilesOf(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const uint32_t pid = arguments.wholeNumber(0, "pid", 1, largestPid);
  const uint32_t fd = arguments.wholeNumber(1, "fd", 0, largestFd);
  const uint32_t otherPid = arguments.wholeNumber(2, "otherPid", 1, largestPid);
  const uint32_t otherFd = arguments.wholeNumber(3, "otherFd", 0, largestFd);
  return Napi::Number::New(info.Env(), compareFiles(pid, fd, otherPid, otherFd));
}

Napi::Value compareDescriptorTablesOf(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const uint32_t pid = arguments.wholeNumber(0, "pid", 1, largestPid);
  return Napi::Number::New(info.Env(), compareDescriptorTables(pid, arguments.wholeNumber(1, "otherPid", 1, largestPid)));
}

Napi::Value closeProcessOf(const Napi::CallbackInfo& info) {
  const int fd = openedProcess(Arguments(info));
  // Two threads may have found it; one of them closes it.
  if (!closeProcess(fd)) throwBadArgument("process " + std::to_string(fd) + " is closed");
  return info.Env().Undefined();
}

// The decoders below are not part of the door: its tests reach them here, to show messages of other kernels.

Napi::Value decodeStatus(const Napi::CallbackInfo& info) {
  const Bytes reply = Arguments(info).bytes(0, "reply");
  return statusObject(info.Env(), decodeAuditStatus(reply.data, reply.length));
}

Napi::Value decodeConnector(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const Bytes payload = arguments.bytes(0, "payload");
  uint8_t message[connectorMessageBytes];
  if (!decodeConnectorMessage(payload.data, payload.length, 0, message)) return info.Env().Null();
  return uint8Array(info.Env(), message, sizeof message);
}

Napi::Value decodeStatistics(const Napi::CallbackInfo& info) {
  const Bytes payload = Arguments(info).bytes(0, "payload");
  uint8_t record[taskStatisticsBytes];
  if (!decodeTaskStatistics(payload.data, payload.length, record)) return info.Env().Null();
  return uint8Array(info.Env(), record, sizeof record);
}

Napi::Value parseStat(const Napi::CallbackInfo& info) {
  const Bytes text = Arguments(info).bytes(0, "text");
  ProcStat stat;
  if (!parseProcStat(text.data, text.length, stat)) return info.Env().Null();
  const Napi::Object object = Napi::Object::New(info.Env());
  object.Set("comm", uint8Array(info.Env(), stat.comm, stat.commBytes));
  object.Set("ppid", Napi::Number::New(info.Env(), stat.ppid));
  object.Set("flags", Napi::Number::New(info.Env(), stat.flags));
  object.Set("startTicks", Napi::Number::New(info.Env(), stat.startTicks));
  return object;
}

/** Longer is no path of a socket and no word of a command line of ours. */
constexpr size_t longestText = 128 * 1024;

std::string textOf(const Napi::Value& value, const char* name) {
  if (!value.IsString()) throwBadArgument(std::string(name) + " must be a string");
  std::string text = value.As<Napi::String>().Utf8Value();
  if (text.size() > longestText) throwBadArgument(std::string(name) + " is too long");
  if (text.find('\0') != std::string::npos) throwBadArgument(std::string(name) + " must have no NUL");
  return text;
}

Napi::Value executeBoundedOf(const Napi::CallbackInfo& info) {
  const Napi::Value kept = info[0];
  const Napi::Value words = info[1];
  if (!kept.IsBigInt()) throwBadArgument("kept must be a bigint");
  bool lossless = false;
  const uint64_t bits = kept.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) throwBadArgument("kept must have 64 bits at most");
  if (!words.IsArray() || words.As<Napi::Array>().Length() == 0) throwBadArgument("argv must be an array of strings");
  std::vector<std::string> argv;
  const Napi::Array given = words.As<Napi::Array>();
  for (uint32_t index = 0; index < given.Length(); index++) argv.push_back(textOf(given.Get(index), "argv"));
  executeBounded(bits, argv);
  return info.Env().Undefined();
}

Napi::Value notifyServiceOf(const Napi::CallbackInfo& info) {
  notifyService(textOf(info[0], "path"), textOf(info[1], "text"));
  return info.Env().Undefined();
}

using Implementation = Napi::Value (*)(const Napi::CallbackInfo&);

/** Failures of the code behind the door leave it as a NativeError. */
template <Implementation implementation>
Napi::Value guarded(const Napi::CallbackInfo& info) {
  return withNativeErrors(info.Env(), [&] { return implementation(info); });
}

template <Implementation implementation>
void offer(Napi::Object& exports, const char* name) {
  exports.Set(name, Napi::Function::New<guarded<implementation>>(exports.Env(), name));
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("auditRecordHeaderBytes", Napi::Number::New(env, auditRecordHeaderBytes));
  exports.Set("auditRecordRoomBytes", Napi::Number::New(env, auditRecordRoomBytes));
  exports.Set("auditEntryRoomBytes", Napi::Number::New(env, entryRoomBytes));
  exports.Set("auditProgressNumbers", Napi::Number::New(env, auditProgressNumbers));
  exports.Set("AuditDecoder", defineAuditDecoder(env));
  exports.Set("connectorMessageBytes", Napi::Number::New(env, connectorMessageBytes));
  offer<openAudit>(exports, "openAudit");
  offer<openAuditControl>(exports, "openAuditControl");
  offer<openConnector>(exports, "openConnector");
  exports.Set("taskStatisticsBytes", Napi::Number::New(env, taskStatisticsBytes));
  offer<openTaskStatistics>(exports, "openTaskStatistics");
  offer<receiveTaskStatisticsInto>(exports, "receiveTaskStatistics");
  offer<receiveBufferBytes>(exports, "receiveBufferBytes");
  offer<attachRecordRing>(exports, "attachRecordRing");
  offer<setAuditMulticast>(exports, "setAuditMulticast");
  offer<recordRingDiversions>(exports, "recordRingDiversions");
  offer<closeSocket>(exports, "closeSocket");
  offer<wakeReceiver>(exports, "wakeReceiver");
  offer<waitForMessages>(exports, "waitForMessages");
  offer<gatherMessages>(exports, "gatherMessages");
  offer<hasMessages>(exports, "hasMessages");
  offer<receiveAuditInto>(exports, "receiveAudit");
  offer<foreignDatagrams>(exports, "foreignDatagrams");
  offer<connectorListenOn>(exports, "connectorListen");
  offer<receiveConnectorInto>(exports, "receiveConnector");
  offer<gatherConnectorInto>(exports, "gatherConnector");
  offer<getStatus>(exports, "getAuditStatus");
  offer<setStatus>(exports, "setAuditStatus");
  offer<addRule>(exports, "addAuditRule");
  offer<deleteRule>(exports, "deleteAuditRule");
  offer<listRules>(exports, "listAuditRules");
  offer<readClocks>(exports, "readClocks");
  offer<tickNs>(exports, "tickNs");
  offer<executeBoundedOf>(exports, "executeBounded");
  offer<notifyServiceOf>(exports, "notifyService");
  exports.Set("processHeadBytes", Napi::Number::New(env, processHeadBytes));
  offer<openInRootOf>(exports, "openInRoot");
  offer<tryLockOf>(exports, "tryLock");
  offer<openProcessOf>(exports, "openProcess");
  offer<readProcessInto>(exports, "readProcess");
  offer<exeLinksOf>(exports, "exeLinks");
  offer<readNamespacesInto>(exports, "readNamespaces");
  offer<readDescriptorInto>(exports, "readDescriptor");
  offer<compareFilesOf>(exports, "compareFiles");
  offer<compareDescriptorTablesOf>(exports, "compareDescriptorTables");
  offer<closeProcessOf>(exports, "closeProcess");
  offer<decodeStatus>(exports, "decodeAuditStatus");
  offer<decodeConnector>(exports, "decodeConnectorMessage");
  offer<decodeStatistics>(exports, "decodeTaskStatistics");
  offer<parseStat>(exports, "parseProcStat");
  return exports;
}

}  // namespace

}  // namespace godo

static Napi::Object initializeAddon(Napi::Env env, Napi::Object exports) {
  return godo::initialize(env, exports);
}

NODE_API_MODULE(godo_native, initializeAddon)

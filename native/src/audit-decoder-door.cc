#include "audit-decoder-door.h"

#include <cmath>
#include <string>

#include "arguments.h"
#include "audit-decoder.h"
#include "errors.h"
#include "native-error.h"

namespace godo {

namespace {

/** Fields of one call in the table of calls: architecture, number, id, needs. */
constexpr size_t callFields = 4;
constexpr uint32_t mostOpenEvents = 1u << 20;
constexpr uint32_t largestLine = 1u << 28;
constexpr size_t mostRecordTypes = 4096;
constexpr size_t mostHostBytes = 1024;
constexpr size_t mostKeyBytes = 256;

std::string textOf(const Napi::Value& value, const char* name, size_t most) {
  if (!value.IsString()) throwBadArgument(std::string(name) + " must be a string");
  std::string text = value.As<Napi::String>().Utf8Value();
  if (text.size() > most) throwBadArgument(std::string(name) + " is too long");
  return text;
}

bool booleanOf(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  if (!value.IsBoolean()) throwBadArgument(std::string(name) + " must be a boolean");
  return value.As<Napi::Boolean>().Value();
}

DecoderSource sourceOf(const Napi::Object& options) {
  const std::string source = textOf(options.Get("source"), "source", 16);
  if (source == "kernel") return DecoderSource::kernel;
  if (source == "log") return DecoderSource::log;
  if (source == "diag") return DecoderSource::diag;
  throwBadArgument("source must be kernel, log or diag");
}

double timeoutOf(const Napi::Object& options) {
  const Napi::Value value = options.Get("timeoutMs");
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (!(number >= 0)) throwBadArgument("timeoutMs must be a number that is not negative");
  return number;
}

DecoderOptions readOptions(const Napi::Object& options) {
  DecoderOptions result;
  result.source = sourceOf(options);
  result.reassembly.timeoutMs = timeoutOf(options);
  if (result.source == DecoderSource::log && result.reassembly.timeoutMs > largestLine) {
    throwBadArgument("timeoutMs of a log must be finite");
  }
  result.reassembly.maxOpen = wholeNumberOf(options.Get("maxOpen"), "maxOpen", 1, mostOpenEvents);
  result.reassembly.watchSerials = booleanOf(options, "watchSerials");
  result.reassembly.timeIsTheEnd = booleanOf(options, "timeIsTheEnd");
  result.reassembly.keepRecords = booleanOf(options, "keepRecords");
  // A run in a log has no place for events that are none of interest.
  if (result.source == DecoderSource::log && result.reassembly.keepRecords) throwBadArgument("keepRecords is not for a log");
  result.mostLineBytes = wholeNumberOf(options.Get("mostLineBytes"), "mostLineBytes", 1, largestLine);
  result.host = textOf(options.Get("host"), "host", mostHostBytes);
  return result;
}

void readCalls(const Napi::Env& env, const Napi::Value& value, CallTable& calls) {
  const Bytes array = typedArrayOf(env, value, napi_uint32_array, "calls");
  if (array.length % callFields != 0) throwBadArgument("calls must have four numbers for each call");
  const auto* numbers = reinterpret_cast<const uint32_t*>(array.data);
  for (size_t at = 0; at < array.length; at += callFields) {
    const uint32_t number = numbers[at + 1];
    const uint32_t id = numbers[at + 2];
    const uint32_t needs = numbers[at + 3];
    if (number >= CallTable::numbers) throwBadArgument("calls has a system call number that is too high");
    if (id == 0 || id > UINT8_MAX) throwBadArgument("calls has an id that is not from 1 to 255");
    if ((needs & ~uint32_t{call_need::all}) != 0) throwBadArgument("calls has needs that are unknown");
    if (!calls.add(numbers[at], number, {static_cast<uint8_t>(id), static_cast<uint8_t>(needs)})) {
      throwBadArgument("calls has too many architectures");
    }
  }
}

void readRecordTypes(const Napi::Value& value, RecordTypeNames& names) {
  if (!value.IsObject()) throwBadArgument("recordTypes must be an object");
  const Napi::Object numbers = value.As<Napi::Object>();
  const Napi::Array keys = numbers.GetPropertyNames();
  if (keys.Length() > mostRecordTypes) throwBadArgument("recordTypes has too many names");
  for (uint32_t index = 0; index < keys.Length(); index++) {
    const Napi::Value key = keys.Get(index);
    names.add(textOf(key, "a name in recordTypes", 64), wholeNumberOf(numbers.Get(key), "a number in recordTypes", 0, UINT16_MAX));
  }
}

class AuditDecoderDoor : public Napi::ObjectWrap<AuditDecoderDoor> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "AuditDecoder",
                       {InstanceMethod<&AuditDecoderDoor::decodeRecords>("decodeRecords"),
                        InstanceMethod<&AuditDecoderDoor::decodeText>("decodeText"),
                        InstanceMethod<&AuditDecoderDoor::noteOverrun>("noteOverrun"),
                        InstanceMethod<&AuditDecoderDoor::finish>("finish")});
  }

  explicit AuditDecoderDoor(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    withNativeErrors(info.Env(), [&] {
      const Napi::Object options = Arguments(info).object(0, "options");
      auto decoder = std::make_unique<AuditDecoder>(readOptions(options));
      readCalls(info.Env(), options.Get("calls"), decoder->calls());
      const Napi::Value watchKey = options.Get("watchKey");
      if (!watchKey.IsUndefined()) decoder->calls().setWatchKey(textOf(watchKey, "watchKey", mostKeyBytes));
      readRecordTypes(options.Get("recordTypes"), decoder->names());
      decoder_ = std::move(decoder);
      return true;
    });
  }

  Napi::Value decodeRecords(const Napi::CallbackInfo& info) {
    return called(info, 4, [&](const Arguments& arguments, OutputMemory output) {
      need(DecoderSource::kernel, true);
      const Bytes memory = arguments.partOfMemory(0, 0);
      return decoder_->decodeRecords(memory.data, memory.length, output, arguments.finiteNumber(3, "nowMs"));
    });
  }

  Napi::Value decodeText(const Napi::CallbackInfo& info) {
    return called(info, 4, [&](const Arguments& arguments, OutputMemory output) {
      need(DecoderSource::kernel, false);
      const Bytes memory = arguments.partOfMemory(0, 0);
      return decoder_->decodeText(memory.data, memory.length, arguments.boolean(3, "last"), output);
    });
  }

  Napi::Value noteOverrun(const Napi::CallbackInfo& info) {
    return withNativeErrors(info.Env(), [&]() -> Napi::Value {
      need(DecoderSource::kernel, true);
      decoder_->noteOverrun();
      return info.Env().Undefined();
    });
  }

  Napi::Value finish(const Napi::CallbackInfo& info) {
    return called(info, 0, [&](const Arguments&, OutputMemory output) { return decoder_->finish(output); });
  }

 private:
  void need(DecoderSource source, bool same) const {
    if ((decoder_->source() == source) != same) throwBadArgument("this decoder reads another kind of input");
    if (decoder_->isFinished()) throwBadArgument("the input of this decoder is over");
  }

  /** `outputAt`: the argument with which output, its offset and length, and progress begin. */
  template <typename Call>
  Napi::Value called(const Napi::CallbackInfo& info, size_t outputAt, Call call) {
    return withNativeErrors(info.Env(), [&]() -> Napi::Value {
      const Arguments arguments(info);
      const Bytes memory = arguments.partOfMemory(outputAt, entryRoomBytes);
      if (reinterpret_cast<uintptr_t>(memory.data) % 8 != 0) throwBadArgument("the output must be aligned to 8 bytes");
      double* const numbers = arguments.float64s(outputAt + 3, "progress", auditProgressNumbers);
      const DecoderProgress progress = call(arguments, OutputMemory{memory.data, memory.length});
      numbers[0] = static_cast<double>(progress.consumed);
      numbers[1] = static_cast<double>(progress.written);
      numbers[2] = static_cast<double>(progress.stop);
      numbers[3] = static_cast<double>(progress.records);
      numbers[4] = static_cast<double>(progress.events);
      numbers[5] = static_cast<double>(progress.truncated);
      numbers[6] = static_cast<double>(progress.bad);
      numbers[7] = static_cast<double>(progress.open);
      numbers[8] = static_cast<double>(progress.arrivalNs) / 1000;
      numbers[9] = static_cast<double>(progress.configChanges);
      numbers[10] = static_cast<double>(progress.roleRequests);
      numbers[11] = static_cast<double>(progress.incompleteEvents);
      numbers[12] = static_cast<double>(progress.missingRecords);
      numbers[13] = numbers[14] = numbers[15] = NAN;
      if (progress.serials.has_value()) {
        numbers[13] = progress.serials->first;
        numbers[14] = progress.serials->highest;
        numbers[15] = progress.serials->settled;
      }
      return Napi::Number::New(info.Env(), static_cast<double>(progress.written));
    });
  }

  std::unique_ptr<AuditDecoder> decoder_;
};

}  // namespace

Napi::Function defineAuditDecoder(Napi::Env env) {
  return AuditDecoderDoor::define(env);
}

}  // namespace godo

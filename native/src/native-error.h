#pragma once

#include <napi.h>

#include <new>

#include "errors.h"

namespace godo {

/** Failures of the code behind the door leave it as the NativeError of index.d.ts. */
template <typename Call>
auto withNativeErrors(Napi::Env env, Call call) -> decltype(call()) {
  const auto throwAs = [env](const char* message, const std::string& code, int number, const std::string& name) {
    Napi::Error error = Napi::Error::New(env, message);
    error.Set("code", Napi::String::New(env, code));
    if (number != 0) error.Set("errno", Napi::Number::New(env, number));
    if (!name.empty()) error.Set("syscall", Napi::String::New(env, name));
    throw error;
  };
  try {
    return call();
  } catch (const Failure& failure) {
    throwAs(failure.what(), failure.code, failure.number, failure.call);
  } catch (const std::bad_alloc&) {
    throwAs("There is not enough memory.", "ENOMEM", 0, "");
  }
  return {};
}

}  // namespace godo

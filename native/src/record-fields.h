#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace godo {

/** Walks the `name=value` fields of a record's body. A quoted value goes up to the closing quote, any other to a blank. */
class RecordFields {
 public:
  explicit RecordFields(std::string_view body) : at_(body.data()), end_(body.data() + body.size()) {}
  /** False at the end; words without `=` are passed over. */
  bool next();

  std::string_view name;
  /** As it stands in the record, quotes included. */
  std::string_view value;

 private:
  const char* at_;
  const char* end_;
};

enum class TextState : uint8_t {
  missing = 0,
  text = 1,
  /** `(null)`. */
  null = 2,
  /** `(none)`, `?`, or hex that is none. */
  unreadable = 3,
};

/**
 * Appends the bytes that a value stands for. The quotes alone decide: quoted is text as it stands (the closing quote may
 * be cut off), anything else is hex of the bytes. Nothing is appended unless the result is `text`.
 */
TextState appendText(std::string_view value, std::string& to);

/** A decimal number with or without a sign; NaN for anything else. */
double readDecimal(std::string_view value);

/** The low 32 bits of up to 16 hexadecimal digits in lower case, as the kernel writes arguments. False for anything else. */
bool readArgument(std::string_view value, uint32_t& low);

/** Whether a path has no empty, `.` or `..` segment, and no slash at its end: it is what it would be made to. */
bool isTidyPath(std::string_view path);

}  // namespace godo

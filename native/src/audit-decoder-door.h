#pragma once

#include <napi.h>

#include <cstddef>

namespace godo {

/** How many numbers a call of it tells. */
constexpr size_t auditProgressNumbers = 16;

/** The class AuditDecoder of index.d.ts. */
Napi::Function defineAuditDecoder(Napi::Env env);

}  // namespace godo

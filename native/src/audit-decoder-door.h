#pragma once

#include <napi.h>

namespace godo {

/** The class AuditDecoder of index.d.ts. */
Napi::Function defineAuditDecoder(Napi::Env env);

}  // namespace godo

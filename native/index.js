import { createRequire } from 'node:module';

const binary = './build/Release/godo_native.node';

/** What stands in for a function of the addon when it cannot be loaded: importing must work, calling must explain. */
function refuse(cause) {
  // No arrow function: a class of the addon must refuse `new` in the same words.
  return function refused() {
    const missing = cause.code === 'MODULE_NOT_FOUND';
    const state = missing ? 'has not been built' : 'cannot be loaded';
    const error = new Error(`The native addon ${state}: run \`npm run build:native\`.`, { cause });
    throw Object.assign(error, { code: 'NOT_BUILT' });
  };
}

function load() {
  try {
    return createRequire(import.meta.url)(binary);
  } catch (cause) {
    const refusal = refuse(cause);
    // Numbers cannot refuse; these are the door's own, and the tests compare them with the addon's.
    const numbers = {
      auditRecordHeaderBytes: 16,
      auditRecordRoomBytes: 9008,
      auditEntryRoomBytes: 131072,
      auditProgressNumbers: 16,
      connectorMessageBytes: 64,
      processHeadBytes: 104,
      taskStatisticsBytes: 24,
    };
    return new Proxy(numbers, { get: (target, name) => target[name] ?? refusal });
  }
}

export const {
  auditRecordHeaderBytes,
  auditRecordRoomBytes,
  auditEntryRoomBytes,
  auditProgressNumbers,
  AuditDecoder,
  connectorMessageBytes,
  openAudit,
  openAuditControl,
  openConnector,
  openTaskStatistics,
  receiveTaskStatistics,
  taskStatisticsBytes,
  receiveBufferBytes,
  attachRecordRing,
  setAuditMulticast,
  recordRingDiversions,
  closeSocket,
  wakeReceiver,
  waitForMessages,
  gatherMessages,
  hasMessages,
  receiveAudit,
  foreignDatagrams,
  connectorListen,
  receiveConnector,
  gatherConnector,
  getAuditStatus,
  setAuditStatus,
  addAuditRule,
  deleteAuditRule,
  listAuditRules,
  readClocks,
  tickNs,
  executeBounded,
  notifyService,
  processHeadBytes,
  openInRoot,
  tryLock,
  openProcess,
  readProcess,
  exeLinks,
  readNamespaces,
  readDescriptor,
  compareFiles,
  compareDescriptorTables,
  closeProcess,
} = load();

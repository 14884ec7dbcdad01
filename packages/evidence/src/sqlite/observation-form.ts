import type { TaskDocument, TaskObservation } from '../raw-documents.ts';
import type { DocumentForm } from './document-of-row.ts';

/** An observation of the values of all its fields, in the order in which they stand here. */
function build(values: readonly unknown[]): Record<keyof TaskObservation, unknown> {
  return {
    _id: values[0],
    host: values[1],
    machineId: values[2],
    bootId: values[3],
    sessionId: values[4],
    observation: values[5],
    source: values[6],
    clock: values[7],
    timeNs: values[8],
    key: values[9],
    pid: values[10],
    tgid: values[11],
    startTicks: values[12],
    startNs: values[13],
    inferred: values[14],
    ppid: values[15],
    parentTgid: values[16],
    parentKey: values[17],
    exitCode: values[18],
    exitSignal: values[19],
    coreDumped: values[20],
    star: values[21],
    success: values[22],
    errno: values[23],
    argv: values[24],
    argvHex: values[25],
    comm: values[26],
    commHex: values[27],
    exe: values[28],
    exeHex: values[29],
    cwd: values[30],
    cwdHex: values[31],
    rootfs: values[32],
    rootfsHex: values[33],
    containerId: values[34],
    warnings: values[35],
    uid: values[36],
    gid: values[37],
    euid: values[38],
    auid: values[39],
    ses: values[40],
    tty: values[41],
    argvUnknown: values[42],
    exeDeleted: values[43],
    script: values[44],
    scriptHex: values[45],
    viaScripts: values[46],
    viaScriptsHex: values[47],
    innerPid: values[48],
    pids: values[49],
    namespaces: values[50],
    envNames: values[51],
    envNamesCut: values[52],
    cpuUs: values[53],
    maxRssKb: values[54],
    usagePartial: values[55],
  };
}

const omitted: readonly (keyof TaskDocument)[] = ['time', 'start'];

/** All that is known of observations; see {@link TaskObservation} for what is not wanted. */
export const observationForm: DocumentForm = { omitted: new Set(omitted), layout: Object.keys(build([])), build };

// Receives in a worker thread: `receive` names the function of the door; ends when something came, or told to stop.
import { parentPort, workerData } from 'node:worker_threads';
import { receiveAudit, receiveConnector } from '../../index.js';

const receivers = { receiveAudit, receiveConnector };
const { receive, fd, memory, timeoutMs, stop } = workerData;
parentPort.postMessage({ started: true });
let bytes = 0;
do bytes = receivers[receive](fd, memory, 0, memory.length, timeoutMs);
while (bytes === 0 && stop !== undefined && Atomics.load(stop, 0) === 0);
parentPort.postMessage({ bytes });

// A process of its own that holds the audit role until its standard input ends.
import { closeSocket, openAudit, setAuditStatus } from '../../index.js';

const socket = openAudit({ multicast: false, receiveBufferBytes: 1 << 20 });
setAuditStatus(socket, { pid: process.pid }, 5000);
process.stdout.write('taken\n');
for await (const _ of process.stdin);
setAuditStatus(socket, { pid: 0 }, 5000);
closeSocket(socket);

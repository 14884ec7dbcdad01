import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listeningInodes, localPorts, processesListeningOn } from '../../src/kernel/local-server.ts';

describe('the table of TCP sockets', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:6989 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 52123 1 0000000000000000 100 0 0 10 0',
    '   1: 0100007F:6989 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 52999 1 0000000000000000 20 4 30 10 -1',
    '   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 17001 1 0000000000000000 100 0 0 10 0',
    '   3: 00000000000000000000000001000000:6989 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 52124 1',
    '',
  ].join('\n');

  it('names the sockets that listen on a port, not the connections to it', () => {
    expect(listeningInodes(table, 27017)).toEqual(['52123', '52124']);
    expect(listeningInodes(table, 22)).toEqual(['17001']);
    expect(listeningInodes(table, 50000)).toEqual([]);
  });

  it('may be empty', () => {
    expect(listeningInodes('', 27017)).toEqual([]);
  });
});

describe('a MongoDB URI', () => {
  it.each([
    ['mongodb://127.0.0.1:27018/', [27018]],
    ['mongodb://localhost', [27017]],
    ['mongodb://[::1]:27019/?retryWrites=true', [27019]],
    ['mongodb://user:p%40ss@localhost:1/admin', [1]],
    ['mongodb://db-1:27017,localhost:27018,127.0.0.1/?replicaSet=rs', [27018, 27017]],
    ['mongodb://db-1:27017', []],
    ['mongodb+srv://cluster.example.org', []],
    ['rubbish', []],
  ])('%s has the local ports %j', (uri, ports) => {
    expect(localPorts(uri)).toEqual(ports);
  });
});

describe('the processes that listen on a port', () => {
  it('are found by their sockets', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const found = processesListeningOn(port);
    await new Promise((resolve) => server.close(resolve));

    expect(found).toEqual([process.pid]);
    expect(processesListeningOn(port)).toEqual([]);
  });
});

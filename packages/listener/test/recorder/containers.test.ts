import { moment } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import { diagLines, parseDiagLine } from '../../src/diag/diag-line.ts';
import type { ContainerEvent } from '../../src/events.ts';
import { nsAt } from '../support/events.ts';
import { record } from '../support/recording.ts';

const id = 'a'.repeat(64);
const container = (ms: number, name: string): ContainerEvent => ({
  kind: 'container',
  timeNs: nsAt(ms),
  data: {
    ...{ containerId: id, runtime: 'docker', outermostContainerId: id, engine: 'docker', source: 'unix:/s' },
    ...{ name, image: 'bücher:1', imageId: null, labels: { 'a.b': '1' }, created: null, mounts: [] },
  },
});

describe('what was learnt of a container', () => {
  it('is a document among the events', () => {
    const [first] = record(container(5, 'web')).events;

    expect(first).toEqual({
      _id: expect.stringMatching(new RegExp(`^boot:container:${id}:[0-9a-f]{16}$`)),
      host: 'host-1',
      machineId: first?.machineId,
      bootId: 'boot',
      sessionId: 'boot:run:1',
      ...moment(nsAt(5)),
      kind: 'container',
      key: null,
      tgid: null,
      containerId: id,
      data: container(5, 'web').data,
    });
  });

  it('is the same document when it is learnt again, and another when it is not the same', () => {
    const ids = record(container(5, 'web'), container(6, 'web'), container(7, 'shop')).events.map(({ _id }) => _id);

    expect([ids[0] === ids[1], ids[0] === ids[2]]).toEqual([true, false]);
  });

  it('comes out of a diagnosis file as it went in', () => {
    const [line = ''] = diagLines(container(5, 'web'));

    expect(parseDiagLine(line)).toEqual({ kind: 'event', event: container(5, 'web') });
  });
});

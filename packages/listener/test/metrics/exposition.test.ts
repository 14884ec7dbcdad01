import { describe, expect, it } from 'vitest';
import { counterMeanings } from '../../src/metrics/counter-meanings.ts';
import { Exposition } from '../../src/metrics/exposition.ts';
import { counterNames } from '../../src/stages/shared-state.ts';

/** name{labels} to value, of the text form of Prometheus. */
function parsed(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

describe('what Prometheus is told', () => {
  let lost = 3;
  const counters = () => ({ auditRecords: 1000, lost, missingSerials: 2, queuedDocuments: 7, ringUsed: 64 });
  const exposition = new Exposition({ counters, facts: () => ({ version: '1', intake: 'unicast' }) });

  it('is what the counters say when it asks, each time', async () => {
    const first = parsed(await exposition.text());
    expect(first).toMatchObject({
      godo_audit_records_total: 1000,
      'godo_lost_records_total{source="kernel"}': 3,
      godo_lost_events_total: 2,
      godo_queue_documents: 7,
      'godo_ring_bytes{ring="records",value="now"}': 64,
      'godo_info{version="1",intake="unicast"}': 1,
    });
    expect(first.process_resident_memory_bytes).toBeGreaterThan(1e6);

    lost = 10;
    expect(parsed(await exposition.text())).toMatchObject({
      godo_audit_records_total: 1000,
      'godo_lost_records_total{source="kernel"}': 10,
    });
  });

  it('has a type and a help for every metric', async () => {
    const text = await exposition.text();
    const names = new Set(Object.values(counterMeanings).map(({ metric }) => `godo_${metric}`));
    for (const name of names) {
      expect(text).toContain(`# HELP ${name} `);
      expect(text).toContain(`# TYPE ${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}`);
    }
  });

  it('is every counter, and each is documented', async () => {
    expect(Object.keys(counterMeanings)).toEqual(expect.arrayContaining([...counterNames]));
    await expect(countersTable()).toMatchFileSnapshot('../../../../docs/counters.md');
  });
});

/** Rewritten by `npx vitest run packages/listener/test/metrics -u`. */
function countersTable(): string {
  const rows = Object.entries(counterMeanings).map(([name, { metric, labels = {}, help }]) => {
    const label = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    return `| \`${name}\` | \`godo_${metric}${label.length > 0 ? `{${label}}` : ''}\` | ${help} |`;
  });
  return `${head}${rows.join('\n')}\n`;
}

const head = `# What godo tells of itself

\`godo status --json\` is one document:

| field | |
|---|---|
| \`kernel\` | the kernel's audit status: \`enabled\`, \`failure\`, \`pid\` (who has the role, 0: nobody), \`rateLimit\`, \`backlogLimit\`, \`lost\` (records since boot), \`backlog\`, \`featureBitmap\`, \`backlogWaitTime\` and \`backlogWaitTimeActual\` (jiffies); null: this kernel does not tell |
| \`rules\` | how many audit rules of ours are loaded |
| \`blindSpots\` | what is known not to be seen, a sentence each |
| \`listener\` | null, or what the listener that runs says: \`pid\`, \`startTicks\`, \`sessionId\`, \`started\`, \`intake\`, \`store\`, \`found\` (the settings that are put back), \`lostBefore\` (records that the kernel had lost by then), \`before\` (the run before, where that was cut off, until it is sure that this is stated in the database), \`updated\` (when the counters were written) and \`counters\`, see below |
| \`lost\` | null, or what of this run is known to be lost, by its unit: \`records\` (of audit, dropped by the kernel), \`events\` (of audit, whose serials never came), \`messages\` (of the proc connector), \`documents\` (the spool had no room, or the database refuses them for good), \`overruns\` (of sockets, an unknown number each) |
| \`leftBehind\` | whether a listener was cut off: \`godo cleanup\` puts back what it found |

Units are not added up: an event that is lost as a whole counts once as an event where its serial was given, and its records
once each where the kernel dropped them. In the evidence each loss has its \`unit\` and \`count\`; one without a
count has a time from and to.

How many calls are not recorded at all: those whose serial never came (\`missingSerials\`), and those of which the kernel made no
record since its queue was full. It counts one record as lost for each of those, and one for each record that it leaves out of an
event that it has begun. Of these godo counts what the first record announces (\`missingRecords\`): PATH records, the CWD record where a
name is given, the end, and of calls that it records EXECVE, FD_PAIR, MMAP, and OPENAT2 once one has come. So the calls are at most
\`lost\` - \`missingRecords\` where no serial is missing, and exactly as many where nothing else was left out: that other records of
calls were (SOCKADDR, OBJ_PID, the second EXECVE of long arguments), or what is no call at all (what programs send, TTY), no record
tells. Where serials are missing, the kernel has dropped records that were queued: each is counted in \`lost\` too where its second queue was full, and none where
godo took nothing for half a second (unless the kernel was booted with \`audit=1\`); then the serials tell how many events these were,
and of those without a serial there are no more than \`lost\`. Of a run that was cut off (SIGKILL) the next start states
the serials from the last one by which all was stored (\`storedSerial\`, as noted in /run once a second under load) to the one by which
the rules were gone: some of these events may be in the database after all. Of the time in which none of them stood there is no number, but
a time from and to. \`test/faults.test.ts\` holds these sums against a second reader of audit.

Of PROCTITLE records, and those of security modules, it is not known whether they are missing. PATH, CWD and other announced records
that a rule of somebody else excludes (\`exclude,never\`) are taken for missing, though the kernel counts none of them as lost: under
such a rule \`missingRecords\` says nothing.

Counters are of this run. What ends in \`_total\` only grows; under \`--metrics\` there are the usual \`process_\` metrics,
and \`godo_info\` with version, session and intake.

| counter | metric | |
|---|---|---|
`;

// A producer and observer that knows nothing but BullMQ: one command a line on stdin, one answer a line on stdout.
//   node client.mjs bullmq|bullmq5 PORT [USER PASSWORD]
// A command is {"do": name, ...arguments}; the answer is {"ok": value} or {"error": text}.
import { createInterface } from 'node:readline';

const [line, port, username, password] = process.argv.slice(2);
const { FlowProducer, Queue, QueueEvents } = await import(line);
const connection = { host: '127.0.0.1', port: Number(port), username, password };
const queues = new Map();
const listeners = new Map();
const opened = [];

const keep = (thing) => (opened.push(thing), thing);

const queue = (name) => {
  if (!queues.has(name)) queues.set(name, keep(new Queue(name, { connection })));
  return queues.get(name);
};

// Hears the whole stream of a queue, and knows how each of its jobs ended.
const listen = (name) => {
  if (listeners.has(name)) return listeners.get(name);
  const events = keep(new QueueEvents(name, { connection, lastEventId: '0-0' }));
  const listener = { events, heard: [], ended: new Map(), waiting: new Map() };
  for (const event of ['added', 'waiting', 'active', 'delayed', 'completed', 'failed', 'drained', 'duplicated', 'debounced', 'deduplicated',
    'retries-exhausted', 'stalled', 'removed', 'cleaned', 'paused', 'resumed', 'progress', 'waiting-children']) {
    events.on(event, (fields) => hear(listener, event, typeof fields === 'object' ? fields : {}));
  }
  listeners.set(name, listener);
  return listener;
};

const hear = (listener, event, fields) => {
  listener.heard.push([event, fields]);
  if (event !== 'completed' && event !== 'failed') return;
  listener.ended.set(fields.jobId, { event, ...fields });
  listener.waiting.get(fields.jobId)?.(listener.ended.get(fields.jobId));
};

const view = async (name, id) => {
  const job = await queue(name).getJob(id);
  if (!job) return null;
  const { returnvalue, failedReason, attemptsMade, attemptsStarted, stacktrace, finishedOn, processedBy, data, opts } = job;
  const states = [await job.getState(), await queue(name).getJobState(id)];
  return { states, returnvalue, failedReason, attemptsMade, attemptsStarted, stacktrace, finishedOn, processedBy, data, opts };
};

// All that the getters of a queue tell.
const getters = async (name) => {
  const counts = await queue(name).getJobCounts();
  const jobs = {};
  for (const state of Object.keys(counts)) {
    for (const { id } of await queue(name).getJobs([state])) {
      const job = await queue(name).getJob(id);
      jobs[id] = { ...job.toJSON(), state: await job.getState(), listed: state };
    }
  }
  const metrics = { completed: await queue(name).getMetrics('completed'), failed: await queue(name).getMetrics('failed') };
  const workers = (await queue(name).getWorkers()).map((worker) => worker.rawname.replace(/:w:.*/, ':w:'));
  return { counts, jobs, metrics, workers };
};

const commands = {
  open: async (c) => queue(c.queue).waitUntilReady().then(() => null),
  close: async (c) => queues.get(c.queue)?.close().then(() => queues.delete(c.queue)),
  add: async (c) => (await queue(c.queue).add(c.name, c.data, c.opts)).id,
  addBulk: async (c) => (await queue(c.queue).addBulk(c.jobs)).map((job) => job.id),
  flow: async (c) => (await keep(new FlowProducer({ connection })).add(c.tree)).children.map((child) => child.job.id),
  schedule: async (c) => (await queue(c.queue).upsertJobScheduler(c.id, c.repeat, c.template)).id,
  pause: async (c) => queue(c.queue).pause(),
  resume: async (c) => queue(c.queue).resume().then(() => null),
  retry: async (c) => (await queue(c.queue).getJob(c.id)).retry(c.state).then(() => null),
  concurrency: async (c) => queue(c.queue).setGlobalConcurrency(c.most),
  rate: async (c) => queue(c.queue).setGlobalRateLimit(c.most, c.ms),
  job: async (c) => view(c.queue, c.id),
  counts: async (c) => queue(c.queue).getJobCounts(),
  ids: async (c) => (await queue(c.queue).getJobs([c.state], 0, -1)).map((job) => job.id),
  workers: async (c) => (await queue(c.queue).getWorkers()).map((worker) => worker.rawname),
  listen: async (c) => listen(c.queue).events.waitUntilReady().then(() => null),
  forget: async (c) => listen(c.queue).ended.delete(c.id),
  heard: async (c) => listen(c.queue).heard,
  heardSoFar: async (c) => listen(c.queue).heard.length,
  getters: async (c) => getters(c.queue),
  // How the job ended, by its event.
  ended: (c) => new Promise((resolve) => {
    const { ended, waiting } = listen(c.queue);
    if (ended.has(c.id)) resolve(ended.get(c.id));
    else waiting.set(c.id, resolve);
  }),
  // How the job ended, as an application asks that wants the result of what it added.
  result: async (c) => {
    const job = await queue(c.queue).getJob(c.id);
    return job.waitUntilFinished(listen(c.queue).events, c.ms).then((value) => ({ value }), (e) => ({ reason: e.message }));
  },
};

const DEADLINE = 30_000;
const inTime = (promise, what) => {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`waited in vain: ${what}`)), DEADLINE)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};
const answer = (reply) => process.stdout.write(JSON.stringify(reply) + '\n');

for await (const text of createInterface({ input: process.stdin })) {
  const command = JSON.parse(text);
  await inTime(commands[command.do](command), text).then((ok) => answer({ ok: ok ?? null }), (e) => answer({ error: e.stack }));
}
await Promise.all(opened.map((thing) => thing.close()));

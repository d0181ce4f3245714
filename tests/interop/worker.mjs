// A BullMQ worker that ends each job as it is told, and says on stdout what it processed.
//   node worker.mjs bullmq|bullmq5 PORT QUEUE OPTIONS
// OPTIONS is JSON: `worker` (options of the Worker), `ends`: job id -> {value} | {reason}, `delays`: job id -> how many
// milliseconds it is delayed for at its first start, `hang`: true = no job ever ends. A job that is not named returns
// null.
const [line, port, queue, text] = process.argv.slice(2);
const { DelayedError, UnrecoverableError, Worker } = await import(line);
const { worker: options, ends = {}, delays = {}, hang = false } = JSON.parse(text);
const say = (what, id) => process.stdout.write(JSON.stringify([what, id]) + '\n');

const process_ = async (job, token) => {
  say('processed', job.id);
  if (delays[job.id] && job.attemptsStarted === 1) {
    await job.moveToDelayed(Date.now() + delays[job.id], token);
    throw new DelayedError();
  }
  if (hang) return new Promise(() => {});
  const end = ends[job.id] ?? { value: null };
  if ('reason' in end) throw new UnrecoverableError(end.reason);
  return end.value;
};

const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };
const worker = new Worker(queue, process_, { name: 'node', autorun: false, ...options, connection });
worker.on('error', (error) => console.error(error));
process.on('SIGTERM', () => worker.close().then(() => process.exit(0)));
await worker.waitUntilReady();
say('ready', null);
worker.run();
